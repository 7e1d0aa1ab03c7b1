// Shows the AccessKey of the hour for each line on standard input, and goes on through rotations.
//
//   plain PROPERTIES SECRET
//
// Link with -lkmsak.
#include <iostream>
#include <kmsak.hpp>
#include <string>

namespace {

// Stands for a call to a cloud service that no longer knows the AccessKey named on the line.
std::string request(const kmsak::Credentials& credentials, const std::string& rejected) {
  if (credentials.access_key_id() == rejected) throw kmsak::ServiceError("InvalidAccessKeyId.NotFound");
  return std::string(credentials.access_key_id());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: " << argv[0] << " PROPERTIES SECRET\n";
    return 2;
  }
  try {
    const kmsak::Provider provider = kmsak::Provider::from_file(argv[1]);
    for (std::string line; std::getline(std::cin, line);) {
      // Runs the call once more with another AccessKey when the service rejects this one.
      std::cout << provider.call(argv[2], [&](const kmsak::Credentials& credentials) { return request(credentials, line); })
                << std::endl;
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
