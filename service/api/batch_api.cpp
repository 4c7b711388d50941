// SPDX-License-Identifier: Apache-2.0
#include "service/api/batch_api.h"

#include <algorithm>
#include <deque>
#include <future>

#include "service/api/problem.h"
#include "service/upstreams/miss_budgets.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr const char* kNdjson = "application/x-ndjson";
constexpr size_t kMaxQueue = 4096;
constexpr std::chrono::seconds kThreadIdle{10};

size_t Cores() { return std::max(std::thread::hardware_concurrency(), 1u); }

// What all lines have in common. Lines point into the body.
struct Batch {
  http::Request request;  // without its body
  std::string body;
};

// What may stand between the members of a document ends no line of ours.
std::string AsLine(std::string json) {
  std::ranges::replace_if(
      json, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return json + '\n';
}

// One answer after the other, in the order of the lines. Used by one thread at a time.
class LineAnswers {
 public:
  LineAnswers(VerifyApi& verify, ThreadPool& workers, std::shared_ptr<const Batch> batch)
      : verify_(verify), workers_(workers), batch_(std::move(batch)), rest_(batch_->body) {}

  // Empty after the last.
  std::string Next() {
    while (under_way_.size() < 2 * Cores() && !rest_.empty()) BeginNextLine();
    if (under_way_.empty()) return {};
    std::string line = under_way_.front().get();
    under_way_.pop_front();
    return line;
  }

 private:
  void BeginNextLine() {
    std::string_view line = rest_.substr(0, rest_.find('\n'));
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number_;
    // A blank line in between has an answer, too, a 400: clients pair answers with lines.
    if (rest_.find_first_not_of(" \t\r\n") == std::string_view::npos &&
        line.find_first_not_of(" \t") == std::string_view::npos) {
      rest_ = {};
      return;
    }
    auto work = std::make_shared<std::packaged_task<std::string()>>(
        [&verify = verify_, batch = batch_, line, number = number_] {
          const MissBudgets::OnBehalf client(batch->request.client);
          http::Request one = batch->request;
          one.id += StrCat("/", number);
          return AsLine(verify.VerifyJson(one, line).content->body());
        });
    under_way_.push_back(work->get_future());
    if (!workers_.Run([work] { (*work)(); })) (*work)();
  }

  VerifyApi& verify_;
  ThreadPool& workers_;
  const std::shared_ptr<const Batch> batch_;
  std::string_view rest_;
  size_t number_ = 0;
  std::deque<std::future<std::string>> under_way_;
};

}  // namespace

BatchApi::BatchApi(VerifyApi& verify)
    : verify_(verify), under_way_(4 * Cores()), workers_(Cores(), kMaxQueue, kThreadIdle) {}

void BatchApi::AddTo(http::Router& router) {
  router.Add({"POST",
              "/v1/verify/batch",
              {},
              [this](const http::Request& request, const http::Query&) { return Verify(request); },
              Role::kVerify});
}

http::Response BatchApi::Verify(const http::Request& request) {
  if (!EqualIgnoringCase(request.MediaType(), kNdjson)) {
    return ProblemResponse({.status = 415,
                            .title = StrCat("Content-Type must be ", kNdjson),
                            .detail = StrCat("Content-Type: ", request.MediaType()),
                            .check = std::string(CheckName(Check::kRequest))});
  }
  auto share = std::make_shared<http::Budget::Share>(under_way_);
  if (!share->Hold(1)) return BusyWith("batches");
  auto batch = std::make_shared<Batch>(Batch{request, {}});
  batch->body.swap(batch->request.body);
  auto answers = std::make_shared<LineAnswers>(verify_, workers_, std::move(batch));
  return {.status = 200,
          .headers = {{"Cache-Control", "no-store"}, {"Content-Type", kNdjson}},
          .content = nullptr,
          .pieces = [answers, share] { return answers->Next(); }};
}

}  // namespace thimble
