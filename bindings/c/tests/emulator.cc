#include "emulator.hh"

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>

namespace {

struct Running {
  pid_t pid = 0;
  std::string folder;
  std::string admin;
};

Running running;

std::string member(const std::string& json, const char* name) {
  std::unique_ptr<cJSON, decltype(&cJSON_Delete)> whole(cJSON_Parse(json.c_str()), cJSON_Delete);
  const char* text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(whole.get(), name));
  if (text == nullptr) throw std::runtime_error(std::string("no ") + name + " in " + json);
  return text;
}

class Environment : public testing::Environment {
 public:
  void SetUp() override {
    const char* program = getenv("KMSAK_BIN");
    if (program == nullptr) throw std::runtime_error("set KMSAK_BIN to the kmsak program; `make test-c` does");
    char folder[] = "/tmp/kmsak-c-XXXXXX";
    if (mkdtemp(folder) == nullptr) throw std::runtime_error("mkdtemp");
    running.folder = folder;
    int out[2];
    if (pipe(out) != 0) throw std::runtime_error("pipe");
    running.pid = fork();
    if (running.pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      if (freopen("/dev/null", "w", stderr) == nullptr) _exit(1);
      unsetenv("LD_PRELOAD");
      execl(program, program, "emulator", "--test-keys", "--dir", folder, static_cast<char*>(nullptr));
      _exit(127);
    }
    close(out[1]);
    std::string line;
    char byte;
    while (read(out[0], &byte, 1) == 1 && byte != '\n') line += byte;
    close(out[0]);
    running.admin = member(line, "admin");
    // Under valgrind, or on a machine with too much to do, a handshake takes its time.
    for (const std::string& file : {emulator::on_the_cloud(), emulator::off_the_cloud()}) {
      std::ofstream(file, std::ios::app)
          << "connect_timeout=60000\nread_timeout=60000\nfetch_deadline=120000\nrenew_deadline=120000\n";
    }
  }

  void TearDown() override {
    kill(running.pid, SIGTERM);
    int status = 0;
    waitpid(running.pid, &status, 0);
    std::filesystem::remove_all(running.folder);
    curl_global_cleanup();
  }
};

std::size_t append(char* data, std::size_t size, std::size_t count, void* to) {
  static_cast<std::string*>(to)->append(data, size * count);
  return size * count;
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_ALL);
  testing::InitGoogleTest(&argc, argv);
  testing::AddGlobalTestEnvironment(new Environment);
  const int result = RUN_ALL_TESTS();
  if (!emulator::single_threaded()) {
    fprintf(stderr, "a thread is left although every provider is freed\n");
    return 1;
  }
  return result;
}

namespace emulator {

std::string folder() { return running.folder; }
std::string on_the_cloud() { return running.folder + "/on_the_cloud.properties"; }
std::string off_the_cloud() { return running.folder + "/off_the_cloud.properties"; }

std::string admin(const std::string& method, const std::string& path, const std::string& body) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  const std::string url = running.admin + path;
  std::string answer;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!body.empty()) curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) throw std::runtime_error(method + " " + path + ": " + answer);
  return answer;
}

std::string rotate(const std::string& secret) {
  return member(admin("POST", "/rotations", "{\"secret\": \"" + secret + "\"}"), "newAccessKeyId");
}

void fault(const std::string& json) { admin("POST", "/faults", json); }

void clear_faults() { admin("DELETE", "/faults"); }

std::size_t requests(const std::string& secret) {
  const std::string answer = admin("GET", "/events");
  std::unique_ptr<cJSON, decltype(&cJSON_Delete)> whole(cJSON_Parse(answer.c_str()), cJSON_Delete);
  std::size_t count = 0;
  const cJSON* event = nullptr;
  cJSON_ArrayForEach(event, cJSON_GetObjectItemCaseSensitive(whole.get(), "events")) {
    const char* asked = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "secret"));
    const char* kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "kind"));
    if (asked != nullptr && kind != nullptr && secret == asked && std::string("request") == kind) ++count;
  }
  return count;
}

int rounds(int usual) {
  const char* share = getenv("KMSAK_TEST_SHARE");
  return share == nullptr ? usual : std::max(2, usual / std::max(1, atoi(share)));
}

bool single_threaded() {
  // The runtime keeps an idle thread for a second.
  for (int i = 0; i < 6000; ++i) {
    std::size_t threads = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      (void)task;
      ++threads;
    }
    if (threads == 1) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace emulator
