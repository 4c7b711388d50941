// SPDX-License-Identifier: Apache-2.0
#include "service/support/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "service/support/terminal_style.h"
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

std::string_view CodeOf(Ink ink) {
  constexpr std::array<std::string_view, 5> kCodes = {"", "\x1b[1;32m", "\x1b[1;31m", "\x1b[1m", "\x1b[2m"};
  return kCodes.at(static_cast<size_t>(ink));
}

// How many characters a terminal shows: those that go on a character count nothing.
size_t ColumnsOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(),
                                           [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

// One line, or as many as the width makes of it.
class LineWriter {
 public:
  LineWriter(const StyledLine& line, const TerminalForm& form) : line_(line), form_(form) {
    out_.assign(line.indent, ' ');
    column_ = line.indent;
  }
  void Add(const Span& span) {
    const std::string text = Printable(span.text);
    const std::string_view code = form_.colour ? CodeOf(span.ink) : "";
    out_ += code;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(' ', begin), text.size());
      AddWord(std::string_view(text).substr(begin, end - begin));
      if (end < text.size()) ++spaces_;
      begin = end + 1;
    }
    if (!code.empty()) out_ += "\x1b[0m";
  }
  std::string Text() && { return std::move(out_) + "\n"; }

 private:
  void AddWord(std::string_view word) {
    if (word.empty()) return;
    const size_t columns = ColumnsOf(word);
    if (form_.width > 0 && spaces_ > 0 && column_ + spaces_ + columns > form_.width && column_ > line_.hang) {
      out_ += StrCat("\n", std::string(line_.hang, ' '));
      column_ = line_.hang;
    } else {
      out_.append(spaces_, ' ');
      column_ += spaces_;
    }
    spaces_ = 0;
    out_ += word;
    column_ += columns;
  }

  const StyledLine& line_;
  const TerminalForm& form_;
  std::string out_;
  size_t column_ = 0, spaces_ = 0;
};

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
namespace {
std::vector<std::string>& HeldNotes() {
  static std::vector<std::string> notes;
  return notes;
}
}  // namespace

void PrintNote(std::string_view text) {
  if (::isatty(STDERR_FILENO) != 0) return PrintErrorLines({std::string(text)});
  HeldNotes().emplace_back(text);
}
void ShowNotes() {
  for (const std::string& note : HeldNotes()) PrintErrorLines({note});
  HeldNotes().clear();
}

// What was written before may have failed, and nothing be left to flush.
bool FlushOutput() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

TerminalForm StdoutForm() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  const char* const no_color = std::getenv("NO_COLOR");
  const char* const term = std::getenv("TERM");
  const bool plain =
      (no_color != nullptr && *no_color != '\0') || (term != nullptr && std::string_view(term) == "dumb");
  winsize size{};
  constexpr size_t kNarrowest = 40;  // what is narrower cannot be read anyway
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return {!plain, known ? std::max<size_t>(size.ws_col, kNarrowest) : 0};
}

std::string Styled(const std::vector<StyledLine>& lines, const TerminalForm& form) {
  std::string out;
  for (const StyledLine& line : lines) {
    LineWriter writer(line, form);
    for (const Span& span : line.spans) writer.Add(span);
    out += std::move(writer).Text();
  }
  return out;
}

void PrintStyled(const std::vector<StyledLine>& lines) { Write(stdout, Styled(lines, StdoutForm())); }

void ShowProgress(std::string_view text) {
  if (::isatty(STDERR_FILENO) == 0) return;
  Write(stderr, StrCat("\r\x1b[K", Printable(text)));
  std::fflush(stderr);
}

// Inside of JSON's texts there are no control characters; between its tokens they are white space.
void PrintJson(std::string_view json) {
  std::string text(json);
  std::replace(text.begin(), text.end(), '\r', '\n');
  std::replace(text.begin(), text.end(), '\t', ' ');
  Print(Lines::Of(text));
}

}  // namespace thimble
