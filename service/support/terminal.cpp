// SPDX-License-Identifier: Apache-2.0
#include "service/support/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

#include "service/support/terminal_width.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// The first character of a text that is not empty. `known` is false for a byte that begins none in UTF-8.
struct Character {
  uint32_t code = 0;
  size_t size = 1;
  bool known = false;
};

Character FirstOf(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  const Character unknown{lead, 1, false};
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return unknown;
  uint32_t code = lead & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return unknown;
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kLowest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < kLowest.at(size) || code > 0x10ffff || surrogate ? unknown : Character{code, size, true};
}

struct CodeRange {
  uint32_t first, last;
};
// Controls; marks, embeddings, overrides and isolates of direction; line and paragraph separators.
constexpr std::array<CodeRange, 7> kSteering = {{{0x00, 0x1f},
                                                 {0x7f, 0x9f},
                                                 {0x61c, 0x61c},
                                                 {0x200e, 0x200f},
                                                 {0x2028, 0x202e},
                                                 {0x2066, 0x2069},
                                                 {0xfeff, 0xfeff}}};

bool Steers(uint32_t code) {
  return std::any_of(kSteering.begin(), kSteering.end(),
                     [&](const CodeRange& range) { return range.first <= code && code <= range.last; });
}

std::string Escaped(uint32_t code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kDigits[code >> shift & 0xf];
  return out;
}

void Write(std::FILE* file, std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); }

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character character = FirstOf(text);
    if (!character.known || Steers(character.code)) {
      out += Escaped(character.code);
    } else {
      out += text.substr(0, character.size);
    }
    text.remove_prefix(character.size);
  }
  return out;
}

Lines Lines::Of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    out.Add(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string Lines::text() const {
  std::string out;
  for (const std::string& line : lines_) out += StrCat(Printable(line), "\n");
  return out;
}

void Print(const Lines& lines) { Write(stdout, lines.text()); }
void PrintLine(std::string_view text) { Print({std::string(text)}); }
void PrintErrorLines(const Lines& lines) { Write(stderr, lines.text()); }
void PrintError(std::string_view text) { PrintErrorLines({StrCat("thimble: ", text)}); }
bool FlushOutput() { return std::fflush(stdout) == 0; }

// Inside of JSON's texts there are no control characters; between its tokens they are white space.
void PrintJson(std::string_view json) {
  std::string text(json);
  std::replace(text.begin(), text.end(), '\r', '\n');
  std::replace(text.begin(), text.end(), '\t', ' ');
  Print(Lines::Of(text));
}

std::optional<size_t> StdoutWidth() {
  winsize size{};
  if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return std::nullopt;
  return size.ws_col;
}

}  // namespace thimble
