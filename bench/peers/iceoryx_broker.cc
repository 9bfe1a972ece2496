#include "iceoryx_broker.hpp"

#include <cstdio>
#include <mqueue.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_hoofs/posix_wrapper/posix_access_rights.hpp"
#include "iceoryx_posh/iceoryx_posh_types.hpp"
#include "iceoryx_posh/internal/roudi/roudi.hpp"
#include "iceoryx_posh/roudi/iceoryx_roudi_components.hpp"

#include "harness.h"

const char *const iceoryx_names[4] = { "ward-iceoryx-poll-host", "ward-iceoryx-poll-server", "ward-iceoryx-wait-host",
                                       "ward-iceoryx-wait-server" };

namespace
{

/* The default pools end at four megabytes. */
iox::RouDiConfig_t configure()
{
        auto group = iox::posix::PosixGroup::getGroupOfCurrentProcess().getName();
        iox::mepoo::MePooConfig pools;
        pools.addMemPool({ 256, 256 });
        pools.addMemPool({ 128 * 1024, 32 });
        pools.addMemPool({ PEER_BYTES_MAX + 4096, 8 });
        iox::RouDiConfig_t config;
        config.m_sharedMemorySegments.push_back({ group, group, pools });
        return config;
}

} // namespace

int iceoryx_broker()
{
        iox::log::LogManager::GetLogManager().SetDefaultLogLevel(iox::log::LogLevel::kError);
        iox::roudi::IceOryxRouDiComponents components(configure());
        constexpr bool KILL_PROCESSES = false;
        iox::roudi::RouDi roudi(components.rouDiMemoryManager, components.portManager,
                                iox::roudi::RouDi::RoudiStartupParameters{ iox::roudi::MonitoringMode::OFF, KILL_PROCESSES });
        puts("{\"ready\": true}");
        fflush(stdout);
        char input[64];
        while (read(STDIN_FILENO, input, sizeof input) > 0) {
        }
        return 0;
}

int iceoryx_clean()
{
        std::string group = std::string("/") + iox::posix::PosixGroup::getGroupOfCurrentProcess().getName().c_str();
        shm_unlink((std::string("/") + iox::roudi::SHM_NAME).c_str());
        shm_unlink(group.c_str());
        mq_unlink((std::string("/") + iox::roudi::IPC_CHANNEL_ROUDI_NAME).c_str());
        for (const char *name : iceoryx_names)
                mq_unlink((std::string("/") + name).c_str());
        return 0;
}
