/* Servers for threads that an add-in has made itself: a thread takes one with its first call of the host, and gives it back when it
 * ends. The host attends to their lanes when the doorbell rings. */
#include <pthread.h>
#include <stdlib.h>
#include "channel/doorbell.h"
#include "worker/worker.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t given_back = PTHREAD_COND_INITIALIZER;
static struct server *servers[CHANNEL_OWN_LANES];
static uint64_t taken; /* bit n: servers[n] */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;

/* Thread-local destructors that come after this one, and call the host, take another. */
static void give_back(void *data)
{
        const struct server *server = data;
        server_here = NULL;
        pthread_mutex_lock(&lock);
        taken &= ~doorbell_bit(server->number);
        pthread_cond_signal(&given_back);
        pthread_mutex_unlock(&lock);
}

static void make_key(void)
{
        pthread_key_create(&key, give_back);
}

static uint32_t take_number(void)
{
        pthread_mutex_lock(&lock);
        while (!~taken)
                pthread_cond_wait(&given_back, &lock);
        uint32_t number = (uint32_t)__builtin_ctzll(~taken);
        taken |= (uint64_t)1 << number;
        pthread_mutex_unlock(&lock);
        return number;
}

/* A lane has one server as long as the worker lives: both sides count its messages on. */
static struct server *make(struct worker *worker, uint32_t number)
{
        struct server *server = malloc(sizeof *server);
        if (!server)
                worker_die(worker, WARD_FAULT_LIMIT, "the worker has no memory for a thread that calls the host");
        server_init(server, worker, CHANNEL_OWN_FIRST + number);
        server->attended = false;
        server->may_call_host = true;
        return server;
}

struct server *own_server(struct worker *worker)
{
        pthread_once(&once, make_key);
        uint32_t number = take_number();
        if (!servers[number])
                servers[number] = make(worker, number);
        server_here = servers[number];
        pthread_setspecific(key, server_here);
        return server_here;
}
