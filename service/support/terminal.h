// SPDX-License-Identifier: Apache-2.0
//
// The one place that writes to stdout and stderr (the log apart). Much of what is shown comes from elsewhere: a
// certificate's subject, a manifest, an upstream's answer. So text for people is made of lines, whose ends are ours,
// and whatever else would steer a terminal or turn text around is shown as "\u001b" and not obeyed.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace thimble {

// Escapes control characters (C0, DEL, C1), the characters that set the direction of text or end a line, and bytes
// that are no UTF-8, line feeds included. JSON stays JSON that says the same.
std::string Printable(std::string_view text);

// Text for people. A line feed in what is added does not end a line.
class Lines {
 public:
  Lines() = default;
  Lines(std::initializer_list<std::string> lines) : lines_(lines) {}
  // Of a text of our own, in which line feeds are meant.
  static Lines Of(std::string_view text);

  void Add(std::string line) { lines_.push_back(std::move(line)); }
  void Add(const Lines& more) { lines_.insert(lines_.end(), more.lines_.begin(), more.lines_.end()); }

  bool empty() const { return lines_.empty(); }
  std::string text() const;  // as it is written

 private:
  std::vector<std::string> lines_;
};

void Print(const Lines& lines);            // stdout
void PrintLine(std::string_view text);     // stdout
void PrintJson(std::string_view json);     // stdout; white space between tokens stays
void PrintErrorLines(const Lines& lines);  // stderr
void PrintError(std::string_view text);    // stderr, "thimble: ..."
// stderr: at once where that is a terminal, whose reader it helps; else with ShowNotes() alone, for a command that has
// failed: what runs by the clock and goes well says nothing.
void PrintNote(std::string_view text);
void ShowNotes();
bool FlushOutput();  // false: not all could be written

}  // namespace thimble
