// Nothing before it: the header stands alone, and twice does no harm.
#include <kmsak.hpp>
#include <kmsak.h>
#include <kmsak.hpp>

static_assert(!std::is_copy_constructible_v<kmsak::Provider> && std::is_nothrow_move_constructible_v<kmsak::Provider>);
static_assert(!std::is_copy_constructible_v<kmsak::Credentials>);
static_assert(!std::is_copy_constructible_v<kmsak::Secret>);
static_assert(!std::is_copy_constructible_v<kmsak::Subscription>);
static_assert(std::is_base_of_v<kmsak::Error, kmsak::NotFoundError>);
