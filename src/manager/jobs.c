#include "manager/jobs.h"

#include "base/own.h"
#include "base/status.h"
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>
#include <stdbool.h>

#define THREADS 128u

typedef struct list_t {
    brood__job_t *first, **last;
} list_t;

struct brood__jobs_t {
    apr_pool_t *pool;
    apr_thread_mutex_t *lock;
    apr_thread_cond_t *news;
    list_t waiting, finished;
    apr_thread_t *threads[THREADS];
    unsigned count, idle, queued;
    bool ending;
    void (*wake)(void *data);
    void *data;
};

static void put(list_t *list, brood__job_t *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static brood__job_t *take(list_t *list)
{
    brood__job_t *job = list->first;

    if (job != NULL && (list->first = job->next) == NULL)
        list->last = &list->first;
    return job;
}

apr_status_t brood__jobs_create(brood__jobs_t **jobs, void (*wake)(void *data), void *data)
{
    brood__jobs_t *made;
    apr_pool_t *pool;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&pool));
    made = apr_pcalloc(pool, sizeof *made);
    made->pool = pool;
    made->waiting.last = &made->waiting.first;
    made->finished.last = &made->finished.first;
    made->wake = wake;
    made->data = data;
    rc = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_UNNESTED, pool);
    if (rc == APR_SUCCESS)
        rc = apr_thread_cond_create(&made->news, pool);
    if (rc != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return brood_fail_text(rc, "no lock for a manager's threads");
    }
    *jobs = made;
    return APR_SUCCESS;
}

/* ---- threads ---- */

static void work(brood__jobs_t *jobs)
{
    apr_thread_mutex_lock(jobs->lock);
    for (;;) {
        brood__job_t *job;

        while (jobs->waiting.first == NULL && !jobs->ending) {
            jobs->idle++;
            apr_thread_cond_wait(jobs->news, jobs->lock);
            jobs->idle--;
        }
        job = take(&jobs->waiting);
        if (job == NULL)
            break;
        jobs->queued--;
        apr_thread_mutex_unlock(jobs->lock);
        job->run(job);
        apr_thread_mutex_lock(jobs->lock);
        put(&jobs->finished, job);
        jobs->wake(jobs->data);
    }
    apr_thread_mutex_unlock(jobs->lock);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    (void) thread;
    work(data);
    brood__status_clear();
    return NULL;
}

/* Under the lock: one thread more, if there are jobs for it. */
static apr_status_t begin_thread(brood__jobs_t *jobs)
{
    apr_status_t rc;

    if (jobs->queued < jobs->idle || jobs->count == THREADS)
        return APR_SUCCESS;
    brood__own_thread_begins();
    rc = apr_thread_create(&jobs->threads[jobs->count], NULL, run, jobs, jobs->pool);
    if (rc != APR_SUCCESS) {
        brood__own_thread_ended();
        return jobs->count != 0 ? APR_SUCCESS : brood_fail_text(rc, "the system gives a manager no thread");
    }
    jobs->count++;
    return APR_SUCCESS;
}

apr_status_t brood__jobs_add(brood__jobs_t *jobs, brood__job_t *job)
{
    apr_status_t rc;

    job->abandoned = 0;
    apr_thread_mutex_lock(jobs->lock);
    rc = begin_thread(jobs);
    if (rc == APR_SUCCESS) {
        put(&jobs->waiting, job);
        jobs->queued++;
        apr_thread_cond_signal(jobs->news);
    }
    apr_thread_mutex_unlock(jobs->lock);
    return rc;
}

/* ---- the server's thread ---- */

static brood__job_t *take_locked(brood__jobs_t *jobs, list_t *list)
{
    brood__job_t *job;

    apr_thread_mutex_lock(jobs->lock);
    job = take(list);
    apr_thread_mutex_unlock(jobs->lock);
    return job;
}

void brood__jobs_collect(brood__jobs_t *jobs)
{
    brood__job_t *job;

    while ((job = take_locked(jobs, &jobs->finished)) != NULL)
        job->done(job);
}

void brood__jobs_destroy(brood__jobs_t *jobs)
{
    brood__job_t *job;
    apr_status_t rc;

    while ((job = take_locked(jobs, &jobs->waiting)) != NULL) {
        job->abandoned = 1;
        job->done(job);
    }
    apr_thread_mutex_lock(jobs->lock);
    jobs->ending = true;
    apr_thread_cond_broadcast(jobs->news);
    apr_thread_mutex_unlock(jobs->lock);
    for (unsigned i = 0; i < jobs->count; i++) {
        apr_thread_join(&rc, jobs->threads[i]);
        brood__own_thread_ended();
    }
    brood__jobs_collect(jobs);
    apr_pool_destroy(jobs->pool);
}
