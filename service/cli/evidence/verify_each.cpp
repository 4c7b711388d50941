// SPDX-License-Identifier: Apache-2.0
#include "service/cli/evidence/verify_each.h"

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "service/support/file.h"
#include "service/support/terminal_style.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxList = 64u << 20;

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<std::vector<std::string>> FilesIn(const std::string& directory) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->is_regular_file()) out.push_back(at->path().string());
  }
  if (error) return Wrong(StrCat("cannot read ", directory, ": ", error.message()));
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<std::string>> FilesListed(const std::string& list) {
  TRY_ASSIGN(const std::string text, ReadFile(list, kMaxList));
  std::vector<std::string> out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#')) out.emplace_back(line);
  }
  return out;
}

// Files are taken in order, and answers are printed in order. Nobody runs far ahead of what is printed, so that memory
// is bounded.
class Run {
 public:
  Run(const std::vector<std::string>& files, const std::function<Answer(const std::string&)>& judge,
      bool json, size_t threads)
      : files_(files), judge_(judge), json_(json), ahead_(threads * 8) {}

  void Work() {
    for (;;) {
      std::unique_lock lock(mutex_);
      moved_.wait(lock, [&] { return next_ >= files_.size() || next_ < printed_ + ahead_; });
      if (next_ >= files_.size()) return;
      const size_t mine = next_++;
      lock.unlock();
      Answer answer = judge_(files_.at(mine));
      lock.lock();
      done_.emplace(mine, std::move(answer));
      PrintReady();
    }
  }
  ExitCode code() const { return rejected_ ? ExitCode::kRejected : without_verdict_; }

 private:
  // Under the lock: the terminal is one, too.
  void PrintReady() {
    for (auto found = done_.find(printed_); found != done_.end(); found = done_.find(printed_)) {
      const Answer& answer = found->second;
      ShowProgress("");
      PrintAnswerLine(files_.at(printed_), answer, json_);
      rejected_ |= answer.code == ExitCode::kRejected;
      if (!answer.problem.empty() && without_verdict_ == ExitCode::kDone) without_verdict_ = answer.code;
      done_.erase(found);
      ++printed_;
    }
    ShowProgress(printed_ < files_.size() ? StrCat(printed_, " of ", files_.size()) : "");
    moved_.notify_all();
  }

  const std::vector<std::string>& files_;
  const std::function<Answer(const std::string&)>& judge_;
  const bool json_;
  const size_t ahead_;
  std::mutex mutex_;
  std::condition_variable moved_;
  size_t next_ = 0, printed_ = 0;
  std::map<size_t, Answer> done_;
  bool rejected_ = false;
  ExitCode without_verdict_ = ExitCode::kDone;
};

}  // namespace

Result<std::vector<std::string>> FilesNamedBy(const std::string& directory_or_list) {
  std::error_code ignored;  // what is no directory is read as a list, which says what is wrong
  const bool directory = fs::is_directory(directory_or_list, ignored);
  TRY_ASSIGN(auto files, directory ? FilesIn(directory_or_list) : FilesListed(directory_or_list));
  if (files.empty()) return Wrong(StrCat("--each ", directory_or_list, ": there is no evidence in it"));
  return files;
}

ExitCode VerifyEach(const std::vector<std::string>& files,
                    const std::function<Answer(const std::string& file)>& judge, bool json) {
  const size_t threads = std::clamp<size_t>(std::thread::hardware_concurrency(), 1, files.size());
  Run run(files, judge, json, threads);
  std::vector<std::thread> workers;
  for (size_t i = 1; i < threads; ++i) workers.emplace_back([&run] { run.Work(); });
  run.Work();
  for (std::thread& worker : workers) worker.join();
  return run.code();
}

}  // namespace thimble
