// SPDX-License-Identifier: Apache-2.0
#include "service/cli/manual/command_tree.h"

#include <algorithm>

#include "service/cli/manual/similar.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

bool NamesFiles(const std::string& type) {
  return type.find("FILE") != std::string::npos || type.find("DIR") != std::string::npos ||
         type.find("PEM") != std::string::npos || type == "EVIDENCE";
}

// Groups of options are commands without a name.
std::vector<const CLI::App*> Children(const CLI::App& app, bool named) {
  return app.get_subcommands([named](const CLI::App* child) { return child->get_name().empty() != named; });
}

void AddOptions(const CLI::App& app, CommandNode& node) {
  for (const CLI::Option* const option : app.get_options()) {
    const bool files = NamesFiles(option->get_type_name());
    if (option->get_positional()) node.takes_files |= files;
    for (const std::string& name : option->get_lnames()) {
      const bool flag = option->get_items_expected_max() == 0;
      (flag ? node.flags : files ? node.file_options : node.text_options).push_back(StrCat("--", name));
    }
  }
  for (const CLI::App* const group : Children(app, false)) AddOptions(*group, node);
}

void AddNodes(const CLI::App& app, const std::string& path, std::vector<CommandNode>& out) {
  CommandNode node;
  node.path = path;
  AddOptions(app, node);
  if (app.get_fallthrough() && app.get_parent() != nullptr) AddOptions(*app.get_parent(), node);
  for (const CLI::App* const child : Children(app, true)) node.subcommands.push_back(child->get_name());
  out.push_back(std::move(node));
  for (const CLI::App* const child : Children(app, true))
    AddNodes(*child, StrCat(path, " ", child->get_name()), out);
}

std::optional<std::string> UnknownFrom(const CLI::App& app, const std::vector<std::string>& words,
                                       size_t at) {
  const auto children = Children(app, true);
  if (children.empty() || at >= words.size() || words[at].starts_with('-')) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* const child : children) {
    if (child->get_name() == words[at]) return UnknownFrom(*child, words, at + 1);
    names.push_back(child->get_name());
  }
  std::string meant;
  for (const std::string& name : Similar(words[at], names))
    meant += StrCat(meant.empty() ? "; " : ", ", name);
  return StrCat("no such command: ", words[at],
                meant.empty()
                    ? StrCat("; `thimble help", at == 0 ? "" : StrCat(" ", words[0]), "` lists them")
                    : StrCat(meant, "?"));
}

}  // namespace

std::vector<CommandNode> CommandTree(const CLI::App& app) {
  std::vector<CommandNode> out;
  AddNodes(app, app.get_name(), out);
  return out;
}

std::optional<std::string> UnknownCommand(const CLI::App& app, const std::vector<std::string>& words) {
  return UnknownFrom(app, words, 0);
}

}  // namespace thimble
