#include <iostream>
#include <kmsak.hpp>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  kmsak::Provider provider = kmsak::Provider::from_file(argv[1]);
  kmsak::Credentials credentials = provider.credentials("acs/ram/user/app");
  std::cout << credentials.access_key_id() << "\n";
}
