// The KMS that the tests talk to: `kmsak emulator`, a process of its own.
#pragma once

#include <cstddef>
#include <string>

namespace emulator {

// The managed RAM secret that every emulator has.
inline const std::string kSecret = "acs/ram/user/app";

// A properties file for the instance gateway, and one for the shared gateway.
std::string on_the_cloud();
std::string off_the_cloud();
std::string folder();

// Calls the admin interface and gives its answer; throws std::runtime_error when that is an error.
std::string admin(const std::string& method, const std::string& path, const std::string& body = "");

// Rotates the secret; the old AccessKey is deleted at once. Gives the new AccessKey's id.
std::string rotate(const std::string& secret = kSecret);

// Injects a fault, given as JSON, until clear_faults().
void fault(const std::string& json);
void clear_faults();

// How many requests for `secret` have been answered, of those that the emulator remembers (the latest 4096).
std::size_t requests(const std::string& secret);

// How often a test repeats what it repeats: less under a tool that slows everything down.
int rounds(int usual);

// Waits until this process has a single thread, so that leak checkers see no thread that is still ending.
bool single_threaded();

}  // namespace emulator
