/* is_alive before and after, terminate, and the exit code of a process that was terminated. */
#include <brood.h>
#include <stdio.h>

static void info(const char *title)
{
    brood_process_t *parent = brood_parent_process();

    printf("title: %s|parent process: %d|process id: %d\n", title, parent ? brood_process_pid(parent) : 0,
           brood_current_pid());
}

static apr_status_t f(brood_call_t *call)
{
    const char *name;

    BROOD_TRY(BROOD_UNPACK(call->args, &name));
    info("function f");
    apr_sleep(apr_time_from_msec(500));
    printf("hello %s\n", name);
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    brood_process_t *p1, *p2;

    info("main line");
    BROOD_TRY(brood_process_start(&p1, f, BROOD_ARGS("bob"), NULL, call->mem));
    printf("p1 is_alive: %d\n", brood_process_is_alive(p1));
    BROOD_TRY(brood_process_join(p1, BROOD_FOREVER));
    printf("p1 is_alive: %d\n", brood_process_is_alive(p1));

    BROOD_TRY(brood_process_start(&p2, f, BROOD_ARGS("tom"), NULL, call->mem));
    printf("p2 started, p2 is_alive: %d\n", brood_process_is_alive(p2));
    BROOD_TRY(brood_process_terminate(p2));
    BROOD_TRY(brood_process_join(p2, BROOD_FOREVER));
    printf("p2 terminated, p2 is_alive: %d\n", brood_process_is_alive(p2));
    printf("%d\n", brood_process_exitcode(p2));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(f))
