#include "manager/client_table.h"

#include "base/deadline.h"
#include "base/mutex.h"
#include "base/own.h"
#include "platform/channel.h"
#include "platform/self.h"

#define IDLE_MOST 8u    /* connections that are kept to one server */
#define UNUSED_MOST 16u /* servers without a user of which something is kept */
#define AT_END apr_time_from_sec(1)

static brood__mutex_t mutex;
static apr_pool_t *pool; /* NULL: there has been nothing to keep */
static brood__open_t own;
static brood__remote_t *remotes; /* those that came last first */
static brood__remote_t *spare_remotes;
static brood__link_t *spare_links;
static brood__forgotten_t *spare_forgotten;
static unsigned calls; /* of all */
static unsigned char my_token[BROOD__TOKEN];
static bool has_token;

/* ---- beginning and end ---- */

static void forget_all(void)
{
    pool = NULL;
    remotes = spare_remotes = NULL;
    spare_links = NULL;
    spare_forgotten = NULL;
    calls = 0;
    has_token = false;
}

void brood__client_forked(void)
{
    forget_all(); /* the parent's copy is left alone */
    brood__mutex_forked(&mutex);
}

static void forked(brood__open_t *open)
{
    (void) open;
    brood__client_forked();
}

/* Under the lock, like all that is static below. */
static apr_status_t begin(void)
{
    if (pool != NULL)
        return APR_SUCCESS;
    BROOD_TRY(brood__own_pool(&pool));
    brood__open_add(&own, forked);
    return APR_SUCCESS;
}

apr_status_t brood__client_token(unsigned char token[BROOD__TOKEN])
{
    apr_status_t rc = APR_SUCCESS;

    brood__mutex_lock(&mutex);
    if (!has_token)
        rc = brood__self_random(my_token, sizeof my_token);
    has_token = rc == APR_SUCCESS;
    memcpy(token, my_token, BROOD__TOKEN);
    brood__mutex_unlock(&mutex);
    return rc == APR_SUCCESS ? rc : brood_fail_text(rc, "the system gives no random bytes to be known by");
}

/* ---- connections ---- */

/* What it has in memory is of no use, but no harm. */
static void link_forked(brood__open_t *open)
{
    brood__link_t *link = (brood__link_t *) open;

    brood__channel_close(link->stream.handle);
    link->stream.handle = BROOD__NO_HANDLE;
    link->stream.over = NULL; /* it would say farewell */
}

brood__link_t *brood__link_make(void)
{
    brood__link_t *link = NULL;

    brood__mutex_lock(&mutex);
    if (begin() == APR_SUCCESS) {
        link = spare_links;
        if (link != NULL)
            spare_links = link->next;
        else
            link = apr_palloc(pool, sizeof *link);
    }
    brood__mutex_unlock(&mutex);
    if (link == NULL)
        return NULL;
    memset(link, 0, sizeof *link);
    brood__stream_init(&link->stream, BROOD__NO_HANDLE, BROOD__HANDLE_SOCKET);
    brood__open_add(&link->open, link_forked);
    return link;
}

void brood__link_close(brood__link_t *link)
{
    brood__open_remove(&link->open);
    brood__message_drop(&link->message);
    brood__stream_close(&link->stream);
    brood__mutex_lock(&mutex);
    link->next = spare_links;
    spare_links = link;
    brood__mutex_unlock(&mutex);
}

/* Nothing is to come by it, so what does is its end. */
static bool is_alive(brood__link_t *link)
{
    brood__watch_t watch;

    if (link->sure)
        return true;
    return brood__stream_watch(&link->stream, &watch) && brood__wait_any(&watch, 1, BROOD__AT_ONCE) != APR_SUCCESS;
}

static brood__link_t *take(brood__remote_t *remote)
{
    brood__link_t *link;

    brood__mutex_lock(&mutex);
    link = remote->idle;
    if (link != NULL) {
        remote->idle = link->next;
        remote->idle_count--;
    }
    brood__mutex_unlock(&mutex);
    return link;
}

brood__link_t *brood__remote_take(brood__remote_t *remote)
{
    brood__link_t *link = take(remote);

    while (link != NULL && !is_alive(link)) {
        brood__link_close(link);
        link = take(remote);
    }
    return link;
}

void brood__remote_keep(brood__remote_t *remote, brood__link_t *link)
{
    bool enough;

    brood__mutex_lock(&mutex);
    enough = remote->idle_count >= IDLE_MOST;
    if (!enough) {
        link->next = remote->idle;
        remote->idle = link;
        remote->idle_count++;
    }
    brood__mutex_unlock(&mutex);
    if (enough)
        brood__link_close(link);
}

/* ---- servers ---- */

static bool is_origin(const brood__origin_t *a, const brood__origin_t *b)
{
    return memcmp(a->session, b->session, sizeof a->session) == 0 && strcmp(a->address, b->address) == 0;
}

static brood__remote_t **find(const brood__origin_t *origin)
{
    brood__remote_t **place = &remotes;

    while (*place != NULL && !is_origin(&(*place)->origin, origin))
        place = &(*place)->next;
    return place;
}

/* If there are too many that nobody uses, the oldest of them comes out of the table. */
static brood__remote_t *take_oldest(void)
{
    brood__remote_t **oldest = NULL, *taken = NULL;
    unsigned unused = 0;

    for (brood__remote_t **place = &remotes; *place != NULL; place = &(*place)->next)
        if ((*place)->users == 0 && (*place)->calls == 0) {
            unused++;
            oldest = place;
        }
    if (unused > UNUSED_MOST) {
        taken = *oldest;
        *oldest = taken->next;
    }
    return taken;
}

static brood__remote_t *make(const brood__origin_t *origin)
{
    brood__remote_t *made = spare_remotes;

    if (begin() != APR_SUCCESS)
        return NULL;
    if (made != NULL)
        spare_remotes = made->next;
    else
        made = apr_palloc(pool, sizeof *made);
    if (made == NULL)
        return NULL;
    *made = (brood__remote_t){.next = remotes, .origin = *origin};
    remotes = made;
    return made;
}

/* It is in the table no more, and nobody is at it. */
static void end_remote(brood__remote_t *remote)
{
    static const unsigned char bye[] = {0x93, 0x02, 0xA3, 'b', 'y', 'e', 0x91, 0x00};
    brood__link_t *link;
    size_t sent;
    bool whole;

    for (link = brood__remote_take(remote); link != NULL; link = brood__remote_take(remote)) {
        if (brood__remote_flush(remote, link, brood__deadline(AT_END), &whole) == APR_SUCCESS)
            BROOD_IGNORE(brood__message_write(&link->stream, bye, sizeof bye, NULL, &sent, BROOD__AT_ONCE));
        brood__link_close(link);
    }
    brood__mutex_lock(&mutex);
    while (remote->forgotten != NULL) {
        brood__forgotten_t *one = remote->forgotten;

        remote->forgotten = one->next;
        one->next = spare_forgotten;
        spare_forgotten = one;
    }
    remote->next = spare_remotes;
    spare_remotes = remote;
    brood__mutex_unlock(&mutex);
}

/* The server, with one user or call more; and whoever had to make room for it ends. */
static brood__remote_t *obtain(const brood__origin_t *origin, unsigned more_users, unsigned more_calls)
{
    brood__remote_t *remote, *old = NULL;

    brood__mutex_lock(&mutex);
    remote = *find(origin);
    if (remote == NULL) {
        remote = make(origin);
        old = take_oldest();
    }
    if (remote != NULL) {
        remote->users += more_users;
        remote->calls += more_calls;
        calls += more_calls;
    }
    brood__mutex_unlock(&mutex);
    if (old != NULL)
        end_remote(old);
    return remote;
}

apr_status_t brood__remote_enter(brood__remote_t **remote, const brood__origin_t *origin)
{
    *remote = obtain(origin, 0, 1);
    return *remote != NULL ? APR_SUCCESS : brood_fail_text(APR_ENOMEM, "no memory for a manager's server");
}

void brood__remote_leave(brood__remote_t *remote)
{
    brood__mutex_lock(&mutex);
    remote->calls--;
    calls--;
    brood__mutex_unlock(&mutex);
}

void brood__client_use(const brood__origin_t *origin)
{
    (void) obtain(origin, 1, 0);
}

void brood__client_unuse(const brood__origin_t *origin)
{
    brood__remote_t **place, *remote;

    brood__mutex_lock(&mutex);
    place = find(origin);
    remote = *place;
    if (remote != NULL && remote->users > 0)
        remote->users--;
    if (remote != NULL && remote->users == 0 && remote->calls == 0)
        *place = remote->next;
    else
        remote = NULL; /* those who are at it leave it among those that nobody uses */
    brood__mutex_unlock(&mutex);
    if (remote != NULL)
        end_remote(remote);
}

/* Told by a connection that is made for it, if need be: others of the tree may be there, so the server would wait. */
static void say_last(brood__remote_t *remote)
{
    brood__origin_t hurried = remote->origin;
    unsigned char identity[BROOD__TOKEN];
    brood__link_t *link;

    hurried.call_timeout = AT_END;
    if (remote->forgotten != NULL && remote->idle == NULL && brood__link_open(&link, identity, &hurried) == APR_SUCCESS)
        brood__remote_keep(remote, link);
    end_remote(remote);
}

void brood__client_end(void)
{
    brood__remote_t *all;
    apr_pool_t *ended = NULL;

    brood__mutex_lock(&mutex);
    all = remotes;
    remotes = NULL;
    brood__mutex_unlock(&mutex);
    while (all != NULL) {
        brood__remote_t *remote = all;

        all = remote->next;
        if (remote->calls == 0)
            say_last(remote);
    }
    brood__mutex_lock(&mutex);
    if (calls == 0 && pool != NULL) { /* else a thread that is left behind has some of it */
        ended = pool;
        brood__open_remove(&own);
        forget_all();
    }
    brood__mutex_unlock(&mutex);
    if (ended != NULL)
        apr_pool_destroy(ended);
}

/* ---- what is forgotten ---- */

void brood__remote_forget(brood__remote_t *remote, uint64_t object, uint64_t count)
{
    brood__forgotten_t *one;

    brood__mutex_lock(&mutex);
    one = spare_forgotten;
    if (one != NULL)
        spare_forgotten = one->next;
    else
        one = apr_palloc(pool, sizeof *one);
    if (one != NULL) { /* else the server keeps it until this tree has left */
        *one = (brood__forgotten_t){remote->forgotten, object, count};
        remote->forgotten = one;
    }
    brood__mutex_unlock(&mutex);
}

bool brood__remote_forgotten(brood__forgotten_t *taken, brood__remote_t *remote)
{
    brood__forgotten_t *one;

    brood__mutex_lock(&mutex);
    one = remote->forgotten;
    if (one != NULL) {
        *taken = *one;
        remote->forgotten = one->next;
        one->next = spare_forgotten;
        spare_forgotten = one;
    }
    brood__mutex_unlock(&mutex);
    return one != NULL;
}
