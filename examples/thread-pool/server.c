/* A server with a pool of threads that calls code which may never return: server MODULE < REQUESTS, a line each.
 *
 * What becomes of a pool thread that is caught in such a call, in seven steps:
 *
 *   1. it takes a request from the queue
 *   2. it calls the add-in, for which there is a time limit
 *   3. the add-in does not return; the limit is reached
 *   4. Ward makes the thread leave the add-in, wherever that is; it was in no code of the host's, and holds no lock
 *   5. the call returns on the same thread, with a fault; what the add-in had is freed
 *   6. the client gets an error
 *   7. the thread goes back to the pool, and makes itself a new add-in when it next needs one
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "handler_host.h"

enum { THREADS = 4, DEADLINE_MS = 50, REQUEST_MAX = 256 };

struct request {
        struct request *next;
        unsigned client;
        char text[REQUEST_MAX];
};

static struct ward_host *host;
static const char *module;

/* --- The queue -------------------------------------------------------------------------------- */

static struct {
        pthread_mutex_t lock;
        pthread_cond_t changed;
        struct request *first, **last;
        bool closed;
} queue = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .last = &queue.first };

static void queue_put(struct request *request)
{
        pthread_mutex_lock(&queue.lock);
        *queue.last = request;
        queue.last = &request->next;
        pthread_cond_signal(&queue.changed);
        pthread_mutex_unlock(&queue.lock);
}

static void queue_close(void)
{
        pthread_mutex_lock(&queue.lock);
        queue.closed = true;
        pthread_cond_broadcast(&queue.changed);
        pthread_mutex_unlock(&queue.lock);
}

/* NULL: there will be no more. */
static struct request *queue_take(void)
{
        pthread_mutex_lock(&queue.lock);
        while (!queue.first && !queue.closed)
                pthread_cond_wait(&queue.changed, &queue.lock);
        struct request *request = queue.first;
        if (request && !(queue.first = request->next))
                queue.last = &queue.first;
        pthread_mutex_unlock(&queue.lock);
        return request;
}

/* --- A thread of the pool --------------------------------------------------------------------- */

/* Each has an add-in of its own: one that hangs keeps nobody else waiting. */
static int be_ready(struct handler **handler, struct ward_fault *fault)
{
        const struct ward_activate_options options = {
                .size = sizeof options,
                .isolation = WARD_WASM,
                .deadline_ms = DEADLINE_MS,
                .limits = { .size = sizeof options.limits, .memory_bytes = 16 << 20 },
        };
        return *handler ? 0 : handler_activate(host, module, &options, NULL, handler, fault);
}

static void answer(struct handler **handler, const struct request *request)
{
        handler_string_t text, reply;
        struct ward_fault fault;
        handler_string_set(&text, request->text);
        int r = be_ready(handler, &fault);
        if (!r)
                r = handler_answer(*handler, &text, &reply, &fault); /* steps 2 to 5 */
        if (r) {
                printf("client %u: error: %s (%s)\n", request->client, ward_fault_kind_name(fault.kind), fault.text); /* step 6 */
                *handler = handler_release(*handler);
                return;
        }
        printf("client %u: %.*s\n", request->client, (int)reply.len, (const char *)reply.ptr);
        handler_string_free(&reply);
}

static void *serve(void *unused)
{
        struct handler *handler = NULL;
        for (struct request *request; (request = queue_take());) { /* steps 1 and 7 */
                answer(&handler, request);
                free(request);
        }
        handler_release(handler);
        return NULL;
}

/* --- The server ------------------------------------------------------------------------------- */

static bool read_request(unsigned client)
{
        struct request *request = calloc(1, sizeof *request);
        if (!request || !fgets(request->text, sizeof request->text, stdin)) {
                free(request);
                return false;
        }
        request->text[strcspn(request->text, "\n")] = '\0';
        request->client = client;
        queue_put(request);
        return true;
}

int main(int argc, char **argv)
{
        pthread_t threads[THREADS];
        unsigned n = 0, clients = 0;
        struct ward_fault fault;
        if (argc != 2 || ward_host_new(NULL, &host, &fault) < 0)
                return fprintf(stderr, "server MODULE < REQUESTS\n"), 2;
        module = argv[1];
        while (n < THREADS && !pthread_create(&threads[n], NULL, serve, NULL))
                n++;
        while (read_request(clients + 1))
                clients++;
        queue_close();
        for (unsigned i = 0; i < n; i++)
                pthread_join(threads[i], NULL); /* all of them come back */
        printf("%u clients, %u threads\n", clients, n);
        ward_host_free(host);
        return 0;
}
