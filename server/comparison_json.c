/* Read and made into JSON on the store's thread, while the caller waits. */
#include "server/comparison_json.h"

#include "api/message_json.h"
#include "server/comparison_reader.h"

#include <stdlib.h>

/* Rows of the dashboard's list that are asked for at once. */
#define ROWS 20

struct wanted {
    Isoyard__V1__ListComparisonsRequest list;
    uint64_t id;
    json_t *json;
};

static int run_list(void *arg, struct store *store, struct error *error)
{
    struct wanted *wanted = arg;
    struct comparison_page page;
    int err = comparison_page_read(store, &wanted->list, &page, error);

    if (err)
        return err;
    wanted->json = json_of_message(&page.response.base);
    comparison_page_release(&page);
    return 0;
}

int comparison_json_list(struct store_thread *thread, const char *token, json_t **ret,
                         struct error *error)
{
    struct wanted wanted = {.list = ISOYARD__V1__LIST_COMPARISONS_REQUEST__INIT};
    int err;

    wanted.list.page_size = ROWS;
    if (token)
        wanted.list.page_token = (char *)token;
    err = store_thread_call(thread, run_list, &wanted, "the comparisons could not be read", error);
    if (!err)
        *ret = wanted.json;
    return err;
}

static int run_read(void *arg, struct store *store, struct error *error)
{
    struct wanted *wanted = arg;
    Isoyard__V1__Comparison *comparison;
    int err = comparison_read(store, wanted->id, &comparison, error);

    if (err)
        return err;
    wanted->json = json_of_message(&comparison->base);
    isoyard__v1__comparison__free_unpacked(comparison, NULL);
    return 0;
}

static int parse_id(const char *text, uint64_t *ret, struct error *error)
{
    unsigned long long value = 0;
    char *end = (char *)text;

    if (text[0] >= '1' && text[0] <= '9')
        value = strtoull(text, &end, 10);
    if (value == 0 || value > INT64_MAX || *end != '\0')
        return error_set(error, E_INVALID, "id", "this is no comparison's number");
    *ret = value;
    return 0;
}

int comparison_json_read(struct store_thread *thread, const char *id, json_t **ret,
                         struct error *error)
{
    struct wanted wanted = {.id = 0};
    int err = parse_id(id, &wanted.id, error);

    if (!err)
        err =
            store_thread_call(thread, run_read, &wanted, "the comparison could not be read", error);
    if (!err)
        *ret = wanted.json;
    return err;
}
