/* iceoryx's daemon RouDi, which hands out the shared memory and brings clients and servers together.
 *
 * 1. `peer-iceoryx --broker`, before any of its peers: says that it is ready, and ends orderly at the end of its input
 * 2. the peers
 * 3. end its input: it takes away what those left that did not end orderly, their sockets and locks
 * 4. if it did not end orderly itself, `peer-iceoryx --clean` does that, and takes its shared memory away
 *
 * There can be one RouDi on a machine, or in a container. Where another one runs, this one ends at once. */
#ifndef PEERS_ICEORYX_BROKER_HPP
#define PEERS_ICEORYX_BROKER_HPP

#include <cstddef>

/* Names of the processes that use it; each has a socket of that name. */
extern const char *const iceoryx_names[4];

/* Both return what main is to return. */
int iceoryx_broker();
int iceoryx_clean();

#endif
