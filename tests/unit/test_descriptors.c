/* server/descriptors: the built-in descriptor set. */
#include "server/descriptors.h"

#include "unit.h"

static struct descriptors *d;

static void open_descriptors(void)
{
    d = descriptors_new();
}

START_TEST(descriptors_find_symbol_what_is_declared)
{
    open_descriptors();
    ck_assert_ptr_eq(descriptors_find_symbol(d, "isoyard.v1.WorkerService.Deploy"),
                     descriptors_find_file(d, "isoyard/v1/worker.proto"));
    ck_assert_ptr_eq(descriptors_find_symbol(d, "google.rpc.BadRequest.FieldViolation.field"),
                     descriptors_find_file(d, "google/rpc/error_details.proto"));
    ck_assert_ptr_nonnull(descriptors_find_symbol(d, "isoyard.v1.LIMIT_CPU"));
    ck_assert_ptr_null(descriptors_find_symbol(d, "isoyard.v1"));
    ck_assert_ptr_null(descriptors_find_symbol(d, ".isoyard.v1.WorkerService"));
    ck_assert_ptr_null(descriptors_find_symbol(d, ""));
    descriptors_free(d);
}
END_TEST

START_TEST(descriptors_closure_has_every_import_once)
{
    struct bytes *files;
    size_t count;

    open_descriptors();
    count = descriptors_closure(d, descriptors_find_file(d, "isoyard/v1/pool.proto"), &files);
    ck_assert_uint_eq(count, 5); /* and execution, failure, duration, timestamp */
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_gt(files[i].len, 0);
        for (size_t k = 0; k < i; k++)
            ck_assert_ptr_ne(files[i].data, files[k].data);
    }
    free(files);
    descriptors_free(d);
}
END_TEST

START_TEST(descriptors_list_services_finds_all)
{
    char **names;

    open_descriptors();
    ck_assert_uint_eq(descriptors_list_services(d, &names), 7);
    free(names);
    descriptors_free(d);
}
END_TEST

START_TEST(descriptors_has_message_only_of_messages)
{
    open_descriptors();
    ck_assert(descriptors_has_message(d, "isoyard.v1.Worker"));
    ck_assert(descriptors_has_message(d, "google.rpc.BadRequest.FieldViolation"));
    ck_assert(!descriptors_has_message(d, "isoyard.v1.WorkerService"));
    ck_assert(!descriptors_has_message(d, "isoyard.v1.Limit"));
    descriptors_free(d);
}
END_TEST

UNIT_MAIN("descriptors", descriptors_find_symbol_what_is_declared,
          descriptors_closure_has_every_import_once, descriptors_list_services_finds_all,
          descriptors_has_message_only_of_messages)
