// SPDX-License-Identifier: Apache-2.0
#include "fetchers/curl_http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <mutex>
#include <new>

#include "fetchers/fetched.h"
#include "fetchers/url.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

constexpr size_t kIdleConnections = 16;

// What one transfer gathers. The callbacks run inside libcurl, so nothing is thrown through them.
struct Transfer {
  size_t max_body = 0, max_header_bytes = 0;
  size_t header_bytes = 0;
  bool headers_ended = false;  // by an empty line: libcurl passes over a connection that closes before it
  HttpResponse response;
  std::string refused;  // why reading was stopped; empty: it was not
};

std::string_view TrimSpace(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// One header line, or the status line that begins a (new) header section: 100 Continue comes before the real
// one.
size_t TakeHeader(char* data, size_t size, size_t count, void* user) noexcept try {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > transfer.max_header_bytes) {
    transfer.refused = StrCat("headers longer than ", transfer.max_header_bytes, " bytes");
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();
    transfer.headers_ended = false;
    return line.size();
  }
  if (TrimSpace(line).empty()) transfer.headers_ended = true;
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers.emplace_back(LowerCase(TrimSpace(line.substr(0, colon))),
                                           std::string(TrimSpace(line.substr(colon + 1))));
  }
  return line.size();
} catch (const std::bad_alloc&) {
  return 0;  // libcurl ends the transfer with CURLE_WRITE_ERROR
}

size_t TakeBody(char* data, size_t size, size_t count, void* user) noexcept try {
  auto& transfer = *static_cast<Transfer*>(user);
  const ByteView bytes = AsBytes(std::string_view(data, size * count));
  Bytes& body = transfer.response.body;
  if (bytes.size() > transfer.max_body - body.size()) {
    transfer.refused = StrCat("body longer than ", transfer.max_body, " bytes");
    return 0;
  }
  body.insert(body.end(), bytes.begin(), bytes.end());
  return bytes.size();
} catch (const std::bad_alloc&) {
  return 0;
}

// The time that is left for a request, or nullopt when there is none.
std::optional<long> TimeoutMs(const HttpRequest& request, std::chrono::milliseconds total) {
  const auto left =
      std::chrono::floor<std::chrono::milliseconds>(request.deadline - std::chrono::steady_clock::now());
  const auto timeout = std::min(left, total);
  if (timeout.count() <= 0) return std::nullopt;
  return static_cast<long>(timeout.count());
}

void SetMethod(CURL* easy, const HttpRequest& request) {
  if (request.method == "GET") return;
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

Result<HeaderList> MakeHeaders(const HttpRequest& request) {
  HeaderList list;
  for (const auto& [name, value] : request.headers) {
    const std::string line = StrCat(name, ": ", value);
    if (line.find_first_of("\r\n") != std::string::npos) {
      return UpstreamError(Check::kRequest, StrCat("header ", name, " holds a line break"));
    }
    curl_slist* longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) return UpstreamError(Check::kUpstreamUnreachable, "out of memory");
    (void)list.release();  // `longer` begins with it
    list.reset(longer);
  }
  return list;
}

// Everything that is the same for each request and must hold for each: TLS verified, no redirect, no other
// protocol.
void SetSafety(CURL* easy, const CurlOptions& options) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.client_certificate.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options.client_certificate.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEY, options.client_key.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
}

void SetProxy(CURL* easy, const CurlOptions& options, const Url& url) {
  if (ReachOf(url) != Reach::kElsewhere) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // an empty proxy also overrides the environment
  } else if (options.proxy) {
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy->c_str());
  }
}

// Writing was stopped by a callback, or the announced length was over the limit.
bool IsTooLong(CURLcode code, const Transfer& transfer) {
  return code == CURLE_FILESIZE_EXCEEDED || (code == CURLE_WRITE_ERROR && !transfer.refused.empty());
}

Error TransferError(CURLcode code, const Transfer& transfer, const HttpRequest& request, const char* detail) {
  const std::string what = StrCat(request.method, " ", request.url, ": ");
  if (IsTooLong(code, transfer)) {
    const std::string reason = StrCat("body longer than ", request.max_body, " bytes");
    return UpstreamError(Check::kUpstreamAnswer,
                         StrCat(what, transfer.refused.empty() ? reason : transfer.refused));
  }
  const std::string_view text = *detail != '\0' ? detail : curl_easy_strerror(code);
  return UpstreamError(Check::kUpstreamUnreachable, StrCat(what, text));
}

// OpenSSL writes to sockets that the peer has closed without MSG_NOSIGNAL, which would end the process.
bool InitialiseOnce() {
  std::signal(SIGPIPE, SIG_IGN);
  return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

}  // namespace

// Idle handles, each with its open connections.
struct CurlHttpClient::Pool {
  std::mutex mutex;
  std::vector<Easy> idle;

  Easy Take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle.back());
    idle.pop_back();
    return easy;
  }
  void Give(Easy easy) {
    curl_easy_reset(easy.get());
    const std::lock_guard lock(mutex);
    if (idle.size() < kIdleConnections) idle.push_back(std::move(easy));
  }
};

CurlHttpClient::CurlHttpClient(CurlOptions options)
    : options_(std::move(options)), pool_(std::make_unique<Pool>()) {
  static const bool initialised = InitialiseOnce();
  (void)initialised;  // when it failed, every curl_easy_init() returns null, which Send() reports
}
CurlHttpClient::~CurlHttpClient() = default;

Result<HttpResponse> CurlHttpClient::Send(const HttpRequest& request) {
  const auto url = ParseUrl(request.url);
  if (!url) return UpstreamError(Check::kRequest, StrCat("not an http or https URL: ", request.url));
  if (!url->tls && !request.allow_http && ReachOf(*url) == Reach::kElsewhere) {
    return UpstreamError(Check::kRequest, StrCat("plain HTTP is not allowed: ", request.url));
  }
  const auto timeout = TimeoutMs(request, options_.total_timeout);
  if (!timeout)
    return UpstreamError(Check::kUpstreamUnreachable, StrCat("no time left to ask ", request.url));
  TRY_ASSIGN(const HeaderList headers, MakeHeaders(request));
  Easy easy = pool_->Take();
  if (!easy) return UpstreamError(Check::kUpstreamUnreachable, "the HTTP library cannot be initialised");

  Transfer transfer;
  transfer.max_body = request.max_body;
  transfer.max_header_bytes = options_.max_header_bytes;
  std::array<char, CURL_ERROR_SIZE> detail{};
  CURL* handle = easy.get();
  SetSafety(handle, options_);
  if (!request.ca_file.empty()) curl_easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  SetProxy(handle, options_, *url);
  SetMethod(handle, request);
  curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  if (!request.unix_socket.empty())
    curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, *timeout);
  curl_easy_setopt(handle, CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(request.max_body));
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &TakeHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &TakeBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail.data());

  const CURLcode code = curl_easy_perform(handle);
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  pool_->Give(std::move(easy));
  if (code == CURLE_OK && !transfer.headers_ended) {
    return UpstreamError(Check::kUpstreamUnreachable,
                         StrCat("GET ", request.url, ": closed amid the headers"));
  }
  if (code != CURLE_OK) return TransferError(code, transfer, request, detail.data());
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

}  // namespace thimble
