#include "app/recordings/ownership.h"
#include "base/macros.h"
#include "unit.h"

static const struct store_membership memberships[] = {
    {.organization_id = SLICE("org-member"), .role = ROLE_MEMBER},
    {.organization_id = SLICE("org-admin"), .role = ROLE_ADMIN},
    {.organization_id = SLICE("org-owner"), .role = ROLE_OWNER},
};
static const struct store_account account = {.memberships = memberships,
                                             .membership_count = ARRAY_LEN(memberships)};

static bool covers(enum store_role least, struct slice organization_id) {
    struct ownership own;
    ownership_init(&own, &account, least);
    bool is_covered = ownership_covers(&own, organization_id);
    ownership_close(&own);
    return is_covered;
}

static void a_role_covers_what_needs_no_higher_one(void **state) {
    for (int least = ROLE_MEMBER; least <= ROLE_OWNER; least++) {
        for (size_t i = 0; i < ARRAY_LEN(memberships); i++)
            assert_int_equal(covers((enum store_role)least, memberships[i].organization_id),
                             (int)memberships[i].role >= least);
    }
}

static void other_organizations_are_not_covered(void **state) {
    assert_false(covers(ROLE_MEMBER, SLICE("org")));
    assert_false(covers(ROLE_MEMBER, SLICE("org-admin2")));
    assert_false(covers(ROLE_MEMBER, SLICE("org-admin org-owner")));
}

static void a_meeting_of_no_organization_is_not_covered(void **state) {
    static const struct store_account nowhere = {0};
    assert_false(covers(ROLE_MEMBER, SLICE_NONE));
    struct ownership own;
    ownership_init(&own, &nowhere, ROLE_MEMBER);
    assert_false(ownership_covers(&own, SLICE_NONE));
    assert_false(ownership_covers(&own, SLICE("org-owner")));
    ownership_close(&own);
}

RUN_TESTS(TEST(a_role_covers_what_needs_no_higher_one), TEST(other_organizations_are_not_covered),
          TEST(a_meeting_of_no_organization_is_not_covered))
