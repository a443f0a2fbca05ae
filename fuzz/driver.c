/* driver.c - runs a libFuzzer target without libFuzzer: the inputs in a folder, then mutations of them, then random
 * bytes, the same in every run.  driver [FOLDER [ROUNDS]] */
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST = 4096, INPUTS = 1024 };

typedef struct input_t {
    uint8_t *data;
    size_t size;
} input_t;

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t) (random_state % limit);
}

/* Each input in a block of its own size, so that a sanitizer sees a read past its end. */
static void feed(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    (void) LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static int read_inputs(input_t *inputs, const char *folder, apr_pool_t *mem)
{
    apr_dir_t *dir;
    apr_finfo_t entry;
    int count = 0;

    if (apr_dir_open(&dir, folder, mem) != APR_SUCCESS)
        return 0;
    while (count < INPUTS && apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        apr_file_t *file;
        apr_size_t size = LARGEST;

        if (entry.name[0] == '.'
            || apr_file_open(&file, apr_pstrcat(mem, folder, "/", entry.name, NULL), APR_FOPEN_READ | APR_FOPEN_BINARY,
                             APR_OS_DEFAULT, mem)
                   != APR_SUCCESS)
            continue;
        inputs[count].data = apr_palloc(mem, LARGEST);
        if (apr_file_read_full(file, inputs[count].data, LARGEST, &size) == APR_EOF || size > 0) {
            inputs[count].size = size;
            feed(inputs[count].data, size);
            count++;
        }
        (void) apr_file_close(file);
    }
    (void) apr_dir_close(dir);
    return count;
}

static size_t mutate(uint8_t *out, const input_t *from)
{
    size_t size = 0;
    size_t changes = 1 + random_below(4);

    if (from != NULL) {
        size = from->size;
        memcpy(out, from->data, size);
    } else {
        size = random_below(64);
        for (size_t i = 0; i < size; i++)
            out[i] = (uint8_t) random_below(256);
    }
    while (size > 0 && changes-- > 0) {
        size_t place = random_below(size);

        switch (random_below(4)) {
        case 0:
            out[place] ^= (uint8_t) (1u << random_below(8));
            break;
        case 1:
            out[place] = (uint8_t) random_below(256);
            break;
        case 2:
            size = place;
            break;
        default:
            memmove(out + place, out, size - place);
            break;
        }
    }
    return size;
}

int main(int argc, const char *const *argv)
{
    static input_t inputs[INPUTS];
    static uint8_t mutated[LARGEST];
    long rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 20000;
    apr_pool_t *mem;
    int count = 0;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return 1;
    if (argc > 1)
        count = read_inputs(inputs, argv[1], mem);
    for (long round = 0; round < rounds; round++) {
        size_t size = mutate(mutated, count > 0 && round % 4 > 0 ? &inputs[random_below((size_t) count)] : NULL);
        feed(mutated, size);
    }
    printf("%d inputs, %ld mutations\n", count, rounds);
    apr_pool_destroy(mem);
    apr_terminate();
    return 0;
}
