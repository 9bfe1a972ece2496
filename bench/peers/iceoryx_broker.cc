#include "iceoryx_broker.hpp"

#include <cstdio>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "iceoryx_hoofs/log/logmanager.hpp"
#include "iceoryx_hoofs/platform/platform_settings.hpp"
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

/* A process's socket, and the lock beside it. */
void clean_channel(const std::string &name)
{
        unlink((iox::platform::IOX_UDS_SOCKET_PATH_PREFIX + name).c_str());
        unlink((iox::platform::IOX_LOCK_FILE_PATH_PREFIX + name + ".lock").c_str());
}

/* RouDi, to the end of the input. */
void run_roudi()
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
}

} // namespace

int iceoryx_broker()
{
        run_roudi();
        return iceoryx_clean();
}

int iceoryx_clean()
{
        std::string group = std::string("/") + iox::posix::PosixGroup::getGroupOfCurrentProcess().getName().c_str();
        shm_unlink((std::string("/") + iox::roudi::SHM_NAME).c_str());
        shm_unlink(group.c_str());
        clean_channel(iox::roudi::IPC_CHANNEL_ROUDI_NAME);
        clean_channel(iox::roudi::ROUDI_LOCK_NAME);
        for (const char *name : iceoryx_names)
                clean_channel(name);
        return 0;
}
