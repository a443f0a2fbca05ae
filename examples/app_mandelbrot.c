/* The Mandelbrot set: a kernel over C arrays, one item a row, with a progress bar.  Writes a picture to mandelbrot.pgm. */
#include <brood.h>
#include <stdio.h>

enum { WIDTH = 1920, HEIGHT = 1280 };
typedef struct row_t {
    unsigned char pixel[WIDTH];
} row_t;
typedef struct counts_t {
    long of[256];
} counts_t;

static unsigned char depth(double cx, double cy)
{
    double x = 0, y = 0;
    unsigned char n = 0;

    for (; n < 255 && x * x + y * y < 4; n++) {
        const double t = x * x - y * y + cx;

        y = 2 * x * y + cy;
        x = t;
    }
    return n;
}

static apr_status_t mandelbrot(brood_chunk_t *chunk)
{
    row_t *rows = chunk->out;
    double zoom;

    BROOD_TRY(BROOD_UNPACK(chunk->args, &zoom));
    for (apr_size_t i = 0; i < chunk->count; i++)
        for (int x = 0; x < WIDTH; x++)
            rows[i].pixel[x] =
                depth((3.0 * x / WIDTH - 2.0) / zoom, (2.0 * (double) (chunk->first + i) / HEIGHT - 1.0) / zoom);
    return APR_SUCCESS;
}

/* Pixels of each depth. */
static apr_status_t count(brood_chunk_t *chunk)
{
    const row_t *rows = chunk->in;
    counts_t *counts = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        for (int x = 0; x < WIDTH; x++)
            counts->of[rows[i].pixel[x]]++;
    return APR_SUCCESS;
}

static apr_status_t add(brood_chunk_t *chunk)
{
    const counts_t *parts = chunk->in;
    counts_t *counts = chunk->out;

    for (apr_size_t i = 0; i < chunk->count; i++)
        for (int n = 0; n < 256; n++)
            counts->of[n] += parts[i].of[n];
    return APR_SUCCESS;
}

static apr_status_t save(const row_t *rows)
{
    FILE *file = fopen("mandelbrot.pgm", "wb");
    bool good;

    if (file == NULL)
        return brood_fail(APR_EGENERAL, "mandelbrot.pgm cannot be written");
    good = fprintf(file, "P5 %d %d 255\n", WIDTH, HEIGHT) > 0 && fwrite(rows, sizeof *rows, HEIGHT, file) == HEIGHT;
    return fclose(file) == 0 && good ? APR_SUCCESS : brood_fail(APR_EGENERAL, "mandelbrot.pgm is not whole");
}

static apr_status_t app(brood_call_t *call)
{
    const brood_task_options_t options = {.args = BROOD_ARGS(1.0), .progress = brood_progress_bar};
    brood_array_t *picture;
    brood_pool_t *pool;
    counts_t counts;

    BROOD_TRY(brood_raw_array_create(&picture, HEIGHT, sizeof(row_t), NULL, call->mem));
    row_t *rows = brood_array_data(picture);
    BROOD_TRY(brood_pool_create(&pool, 0, NULL, call->mem));
    BROOD_TRY(brood_pool_map_array(rows, sizeof *rows, pool, mandelbrot, NULL, 0, HEIGHT, &options));
    BROOD_TRY(brood_pool_reduce_array(&counts, sizeof counts, pool, count, add, rows, sizeof *rows, HEIGHT, NULL));
    printf("%ld of %d points are in the set\n", counts.of[255], WIDTH * HEIGHT);
    return save(rows);
}

BROOD_MAIN(app, BROOD_KERNEL(mandelbrot), BROOD_KERNEL(count), BROOD_KERNEL(add))
