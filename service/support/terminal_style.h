// SPDX-License-Identifier: Apache-2.0
//
// Text for people in colour, and as wide as their terminal. Into a pipe or a file it goes plain, a line as long as it is.
// What is shown is escaped as in terminal.h: colours are ours alone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

enum class Ink : unsigned char { kPlain, kGood, kBad, kTitle, kFaint };

struct Span {
  Ink ink = Ink::kPlain;
  std::string text;
};

struct StyledLine {
  size_t indent = 0;  // before the first word
  size_t hang = 0;    // before the first word of each line that it goes on in
  std::vector<Span> spans;
};

struct TerminalForm {
  bool colour = false;
  size_t width = 0;  // 0: whatever a line takes
};
// Of stdout: colour on a terminal, unless NO_COLOR is set or TERM is "dumb".
TerminalForm StdoutForm();

std::string Styled(const std::vector<StyledLine>& lines, const TerminalForm& form);
void PrintStyled(const std::vector<StyledLine>& lines);  // stdout

// A line on stderr that the next one takes the place of; nothing where stderr is no terminal. Empty: the last goes.
void ShowProgress(std::string_view text);

}  // namespace thimble
