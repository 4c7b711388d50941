// SPDX-License-Identifier: Apache-2.0
//
// One flipped bit in each kind of file of the data directory:  flip_rounds [ROUNDS of each kind, default 20] [SEED]
// Afterwards everything is there; or it was mended from the other place, and told; or the start is refused and names the
// file; or what is missing is told, as many as by the books of this program. Prints the rows of docs/RELIABILITY.md, and
// fails when anything is missing in silence.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>

#include "tests/fault/damaged_data.h"

namespace thimble::test {
namespace {

namespace fs = std::filesystem;

struct Row {
  int rounds = 0, whole = 0, mended = 0, refused = 0, named = 0, silent = 0;
  void Count(const Judgement& judgement) {
    ++rounds;
    switch (judgement.outcome) {
      case Outcome::kWhole:
        ++whole;
        break;
      case Outcome::kMended:
        ++mended;
        break;
      case Outcome::kRefused:
        ++refused;
        break;
      case Outcome::kNamed:
        ++named;
        break;
      case Outcome::kSilent:
        ++silent;
        std::printf("SILENT: %s\n", judgement.text.c_str());
        break;
    }
  }
};

uint64_t LastLine(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  uint64_t length = 0;
  for (std::string line; std::getline(file, line);) length = line.size() + 1;
  return length;
}

class Flips {
 public:
  Flips(int rounds, uint64_t seed) : rounds_(rounds), random_(seed) {}

  // The number of times that something was missing in silence.
  int Run() {
    std::puts(
        "| one bit flipped in | rounds | all there | mended, and told | refused, file named | missing, "
        "and told | missing in silence |");
    std::puts("|---|---|---|---|---|---|---|");
    for (const FileKind& kind : kKinds) Print(kind.text, OfKind(kind));
    Print("the journal, and the store gone", JournalWithoutStore());
    return silent_;
  }

 private:
  void Print(std::string_view what, const Row& row) {
    std::printf("| %.*s | %d | %d | %d | %d | %d | %d |\n", static_cast<int>(what.size()), what.data(),
                row.rounds, row.whole, row.mended, row.refused, row.named, row.silent);
    silent_ += row.silent;
  }

  // The bytes of all files of a kind are one space from which the bit is drawn.
  std::string FlipIn(const std::string& data, const FileKind& kind) {
    std::vector<std::string> files = FilesOf(data, kind);
    uint64_t bytes = 0;
    for (const std::string& file : files) bytes += fs::file_size(file);
    if (kind.but_last_line) bytes -= LastLine(files.back());
    if (bytes == 0) return {};
    uint64_t byte = random_() % bytes;
    for (const std::string& file : files) {
      const uint64_t size = fs::file_size(file);
      if (byte < size) {
        FlipBit(file, byte * 8 + random_() % 8);
        return file;
      }
      byte -= size;
    }
    return {};
  }

  Row OfKind(const FileKind& kind) {
    Row row;
    for (int round = 0; round < rounds_; ++round) {
      const auto copy = data_.Copy(kind.after);
      const std::string file = FlipIn(*copy / "data", kind);
      row.Count(data_.Judge(*copy / "data", fs::path(file).filename()));
    }
    return row;
  }

  Row JournalWithoutStore() {
    Row row;
    for (int round = 0; round < rounds_; ++round) {
      const auto copy = data_.Copy(After::kKill);
      (void)FlipIn(*copy / "data", kJournalKind);
      RemoveStore(*copy / "data");
      row.Count(data_.JudgeRegistrations(*copy / "data"));
    }
    return row;
  }

  const int rounds_;
  std::mt19937_64 random_;
  const DamagedData data_;
  int silent_ = 0;
};

}  // namespace
}  // namespace thimble::test

int main(int argc, char** argv) {
  uint64_t rounds = 20, seed = 1;
  if (argc > 1) std::from_chars(argv[1], argv[1] + std::char_traits<char>::length(argv[1]), rounds);
  if (argc > 2) std::from_chars(argv[2], argv[2] + std::char_traits<char>::length(argv[2]), seed);
  return thimble::test::Flips(static_cast<int>(rounds), seed).Run() == 0 ? 0 : 1;
}
