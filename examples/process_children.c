/* Which children live?  Nobody has to keep a list: a process knows its own. */
#include <brood.h>
#include <stdio.h>

/* Work until there is a word in the queue; each word ends one worker. */
static apr_status_t work(brood_call_t *call)
{
    brood_queue_t *words;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &words));
    return brood_queue_get(&word, words, BROOD_FOREVER, call->mem);
}

static int count(brood_process_t **children)
{
    int number = 0;

    while (children[number] != NULL) /* the list ends with NULL */
        number++;
    return number;
}

static apr_status_t app(brood_call_t *call)
{
    brood_queue_t *words;
    brood_process_t **children;

    BROOD_TRY(brood_queue_create(&words, 0, NULL, call->mem));
    for (int i = 0; i < 3; i++)
        BROOD_TRY(brood_process_start(NULL, work, BROOD_ARGS(words), NULL, call->mem)); /* start and forget */

    children = brood_active_children(call->mem);
    printf("%d at work\n", count(children));
    for (int i = 0; children[i] != NULL; i++) {
        printf("%s, process %d\n", brood_process_name(children[i]), brood_process_pid(children[i]));
        BROOD_TRY(brood_queue_put(words, brood_text("enough"), BROOD_FOREVER));
    }
    for (int i = 0; children[i] != NULL; i++)
        BROOD_TRY(brood_process_join(children[i], BROOD_FOREVER));
    printf("%d at work\n", count(brood_active_children(call->mem)));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(work))
