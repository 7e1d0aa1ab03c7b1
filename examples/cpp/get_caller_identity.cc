// Asks STS who the managed AccessKey belongs to, again and again, and carries on when the AccessKey rotates.
//
//   get_caller_identity PROPERTIES SECRET [TIMES [ENDPOINT]]
//
// Link with -lkmsak -lcurl -lcrypto.
#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <chrono>
#include <ctime>
#include <iostream>
#include <kmsak.hpp>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace {

using Curl = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

std::string percent_encoded(const std::string& text) {
  std::unique_ptr<char, decltype(&curl_free)> escaped(curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())),
                                                      curl_free);
  return escaped.get();
}

std::string nonce() {
  unsigned char random[16];
  if (RAND_bytes(random, sizeof random) != 1) throw std::runtime_error("no random numbers");
  std::string text;
  for (const unsigned char byte : random) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string timestamp() {
  char text[32];
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  return text;
}

// The string field `name` of a flat JSON object; STS's own fields hold no escapes.
std::string field(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const std::size_t at = json.find(key);
  if (at == std::string::npos) return "";
  return json.substr(at + key.size(), json.find('"', at + key.size()) - at - key.size());
}

// Calls GetCallerIdentity in Alibaba Cloud's RPC style and gives the caller's name; throws ServiceError when STS refuses.
std::string get_caller_identity(const std::string& endpoint, const kmsak::Credentials& credentials) {
  // A map, since the signature wants the parameters in order.
  const std::map<std::string, std::string> parameters = {{"AccessKeyId", std::string(credentials.access_key_id())},
                                                         {"Action", "GetCallerIdentity"},
                                                         {"Format", "JSON"},
                                                         {"SignatureMethod", "HMAC-SHA1"},
                                                         {"SignatureNonce", nonce()},
                                                         {"SignatureVersion", "1.0"},
                                                         {"Timestamp", timestamp()},
                                                         {"Version", "2015-04-01"}};
  std::string query;
  for (const auto& [name, value] : parameters) {
    query += (query.empty() ? "" : "&") + name + "=" + percent_encoded(value);
  }
  const std::string to_sign = "GET&%2F&" + percent_encoded(query);
  std::string key = std::string(credentials.access_key_secret()) + "&";
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int mac_length = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(to_sign.data()),
       to_sign.size(), mac, &mac_length);
  OPENSSL_cleanse(key.data(), key.size());
  unsigned char signature[64];
  EVP_EncodeBlock(signature, mac, static_cast<int>(mac_length));
  const std::string url =
      endpoint + "/?" + query + "&Signature=" + percent_encoded(reinterpret_cast<const char*>(signature));

  const Curl curl(curl_easy_init(), curl_easy_cleanup);
  std::string answer;
  const auto receive = +[](char* data, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(data, size * count);
    return size * count;
  };
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, receive);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 10L);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
  const std::string refusal = field(answer, "Code");
  if (!refusal.empty()) throw kmsak::ServiceError(refusal, answer);
  return field(answer, "Arn");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: " << argv[0] << " PROPERTIES SECRET [TIMES [ENDPOINT]]\n";
    return 2;
  }
  const int times = argc > 3 ? std::stoi(argv[3]) : 1;
  const std::string endpoint = argc > 4 ? argv[4] : "https://sts.aliyuncs.com";
  curl_global_init(CURL_GLOBAL_ALL);
  try {
    const kmsak::Provider provider = kmsak::Provider::from_file(argv[1]);
    for (int i = 0; i < times; ++i) {
      // Runs the call once more with another AccessKey when STS rejects this one.
      std::cout << provider.call(argv[2],
                                 [&](const kmsak::Credentials& credentials) {
                                   const std::string arn = get_caller_identity(endpoint, credentials);
                                   return std::string(credentials.access_key_id()) + " is " + arn;
                                 })
                << std::endl;
      if (i + 1 < times) std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  curl_global_cleanup();
}
