/* status.c - the last failure of each thread. */
#include "base/status.h"

#include "base/codec.h"
#include "base/thread_local.h"
#include "base/utf8.h"
#include "base/value.h"
#include "platform/interrupt.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_ROOM 1001
#define NAME_ROOM 128
#define PAYLOAD_ROOM 256

/* All that a failure needs has its place here already: saying that memory is short takes no memory. */
typedef struct last_t {
    brood_error_t error;
    bool elsewhere; /* process and pid are known; else they are this process's own */
    char message[MESSAGE_ROOM];
    char process[NAME_ROOM];
    char entry[NAME_ROOM];
    brood_bytes_t payload; /* encoded; data NULL: none */
    unsigned char *large;  /* a payload that does not fit: the only thing that is allocated */
    unsigned char small[PAYLOAD_ROOM];
} last_t;

static BROOD__THREAD_LOCAL last_t last = {.error = {.message = "", .process = "MainProcess", .item = -1}};

static BROOD__THREAD_LOCAL bool held; /* `last` stays as it is */

static const char *_Atomic self_name = "MainProcess";

#define STATUS_TEXT(name, text) text,
static const char *const texts[] = {"", BROOD_STATUS_MAP(STATUS_TEXT)};
#undef STATUS_TEXT

void brood__status_self(const char *process)
{
    self_name = process;
}

const char *brood__status_name(void)
{
    return self_name;
}

void brood__status_hold(bool hold)
{
    held = hold;
}

/* Copy, made valid, cut where a character ends. */
static void keep(char *kept, size_t room, const char *text)
{
    size_t size = strlen(text);
    size_t done = 0;

    if (size >= room)
        size = brood__utf8_cut(text, room - 1);
    memmove(kept, text, size); /* the text may be the last failure's own */
    kept[size] = '\0';
    while ((done += brood__utf8_valid(kept + done, size - done)) < size)
        kept[done] = '?';
}

static void begin(apr_status_t status)
{
    if (last.large != NULL) {
        free(last.large);
        last.large = NULL;
    }
    last.payload.data = NULL;
    last.payload.size = 0;
    last.elsewhere = false;
    last.error.status = status;
    last.error.process = self_name;
    last.error.entry = NULL;
    last.error.pid = 0;
    last.error.exitcode = 0;
    last.error.item = -1;
}

apr_status_t brood__fail_often(apr_status_t status, const char *literal)
{
    if (held)
        return status;
    begin(status);
    last.error.message = literal;
    return status;
}

apr_status_t brood__fail_interrupted(void)
{
    brood__interrupt_take();
    return brood__fail_often(BROOD_ECANCELLED, "interrupted by Ctrl-C");
}

apr_status_t brood_fail(apr_status_t status, const char *format, ...)
{
    /* Not in place, since an argument may be the last message; longer than what is kept, which is then cut between
     * characters. */
    char message[MESSAGE_ROOM + 4];
    va_list arguments;
    int needed;

    if (held)
        return status;
    va_start(arguments, format);
    needed = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return brood_fail_text(status, needed < 0 ? format : message);
}

apr_status_t brood_fail_text(apr_status_t status, const char *message)
{
    char text[MESSAGE_ROOM];

    if (held)
        return status;
    if (message == NULL)
        message = brood_strerror(status, text, sizeof text);
    keep(last.message, sizeof last.message, message);
    begin(status);
    last.error.message = last.message;
    return status;
}

/* Small payloads stay within the thread's own room. */
static apr_status_t keep_payload(brood_value_t payload)
{
    brood__output_t output = {last.small, 0, sizeof last.small, NULL};

    BROOD_TRY(brood__encode(&output, payload, 0));
    if (output.size > output.room) {
        unsigned char *large = malloc(output.size);

        if (large == NULL)
            return brood_fail_text(APR_ENOMEM, "no memory");
        output.data = large;
        output.room = output.size;
        output.size = 0;
        if (brood__encode(&output, payload, 0) != APR_SUCCESS) {
            free(large);
            return last.error.status;
        }
        last.large = large;
    }
    last.payload.data = output.data;
    last.payload.size = output.size;
    return APR_SUCCESS;
}

apr_status_t brood_fail_value(apr_status_t status, const char *message, brood_value_t payload)
{
    char text[MESSAGE_ROOM];

    if (message == NULL)
        brood_strerror(status, text, sizeof text);
    else
        keep(text, sizeof text, message);
    BROOD_IGNORE(brood_fail_text(status, text));
    if (keep_payload(payload) != APR_SUCCESS)
        return brood_fail(status, "%s (the value that came with it is lost: %s)", text, last.error.message);
    return status;
}

brood_value_t brood_last_payload(apr_pool_t *mem)
{
    brood_value_t payload = brood_nil();

    if (last.payload.data != NULL)
        BROOD_IGNORE(brood__decode(&payload, last.payload.data, last.payload.size, false, mem));
    return payload;
}

const brood_error_t *brood_last_error(void)
{
    if (!last.elsewhere && last.error.pid == 0) /* asked for only here: failing often must cost little */
        last.error.pid = (int) brood__self_pid();
    return &last.error;
}

void brood__status_entry(const char *entry)
{
    last.error.entry = NULL;
    if (entry == NULL)
        return;
    keep(last.entry, sizeof last.entry, entry);
    last.error.entry = last.entry;
}

void brood__status_origin(const char *process, int pid)
{
    keep(last.process, sizeof last.process, process);
    last.error.process = last.process;
    last.error.pid = pid;
    last.elsewhere = true;
}

void brood__status_exitcode(int exitcode)
{
    last.error.exitcode = exitcode;
}

void brood__status_item(apr_ssize_t item)
{
    last.error.item = item;
}

brood_value_t brood__status_to_value(apr_pool_t *mem)
{
    const brood_error_t *error = brood_last_error();
    brood_value_t *items = apr_palloc(mem, 8 * sizeof *items);

    items[0] = brood_int(error->status);
    items[1] = brood_text(error->message);
    items[2] = brood_text(error->process);
    items[3] = brood_int(error->pid);
    items[4] = brood_text(error->entry);
    items[5] = brood_int(error->exitcode);
    items[6] = brood_int(error->item);
    items[7] = last.payload.data == NULL ? brood_nil() : brood_bytes(last.payload.data, last.payload.size);
    return brood_list(items, 8);
}

apr_status_t brood__status_from_value(brood_value_t record)
{
    int status, pid, exitcode;
    long long item;
    const char *message, *process;
    brood_value_t entry, payload;
    const brood_slot_t slots[] = {brood_slot_int(&status), brood_slot_text(&message), brood_slot_text(&process),
                                  brood_slot_int(&pid),    brood_slot_value(&entry),  brood_slot_int(&exitcode),
                                  brood_slot_llong(&item), brood_slot_value(&payload)};

    if (brood_unpack(record, slots, sizeof slots / sizeof slots[0]) != APR_SUCCESS || status == APR_SUCCESS)
        return brood_fail_text(BROOD_EDECODE, "bytes are no record of a failure");
    status = brood_fail_text(status, message);
    brood__status_origin(process, pid);
    if (entry.kind == BROOD_KIND_TEXT && entry.tag == BROOD__TEXT_ENDS)
        brood__status_entry(entry.as.text.data);
    brood__status_exitcode(exitcode);
    brood__status_item((apr_ssize_t) item);
    if (payload.kind == BROOD_KIND_BYTES && payload.as.bytes.size != 0) {
        unsigned char *data = last.small;

        if (payload.as.bytes.size > sizeof last.small)
            data = last.large = malloc(payload.as.bytes.size);
        if (data != NULL) { /* without memory for it the failure arrives without its payload */
            memcpy(data, payload.as.bytes.data, payload.as.bytes.size);
            last.payload.data = data;
            last.payload.size = payload.as.bytes.size;
        }
    }
    return status;
}

void brood__status_clear(void)
{
    begin(APR_SUCCESS);
    last.error.message = "";
}

const char *brood_strerror(apr_status_t status, char *buffer, apr_size_t size)
{
    size_t kept;

    if (size == 0)
        return buffer;
    if (status <= BROOD_STATUS_FIRST || status >= BROOD_STATUS_LAST)
        apr_strerror(status, buffer, size);
    else
        apr_cpystrn(buffer, texts[status - BROOD_STATUS_FIRST], size);
    kept = strlen(buffer);
    if (kept + 1 == size) /* perhaps it was cut */
        buffer[brood__utf8_cut(buffer, kept)] = '\0';
    return buffer;
}

apr_status_t brood_allow(apr_status_t status, apr_status_t allowed)
{
    return status == allowed ? APR_SUCCESS : status;
}
