// SPDX-License-Identifier: Apache-2.0
//
// Bounds the items of single platforms (VCEKs, PCK sets) in a store: the least recently used go first. The order of use
// is kept in the store, so that it outlives the process and takes no memory; a use is written down once an hour at most.
// Each kind of items that is counted apart has a room of its own, "" or "lookup/".
//
//   <room>used/<time, 20 digits>/<KeyName>   empty; in the order of use
//   <room>last/<KeyName>                     that time, 20 digits
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/store.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe, as long as no two calls for one name run at a time.
class PlatformUse {
 public:
  PlatformUse(std::shared_ptr<Store> store, size_t max_items, const std::string& room = "")
      : store_(std::move(store)), max_items_(max_items), used_(room + "used/"), last_(room + "last/") {}

  Status CountItems();  // at start: those that the store holds
  size_t items() const { return items_; }

  struct Note {
    std::vector<Store::Write> writes;
    bool is_new = false;
  };
  // What to write with an item that is stored at `now`. Stored() is told afterwards.
  Result<Note> NoteStored(const std::string& name, Instant now);
  void Stored(const Note& note) { items_ += note.is_new ? 1 : 0; }
  // Writes a use down; nothing for an item that is gone by now.
  Status NoteUse(const std::string& name, Instant now);

  // The item that has to go next, when there are too many.
  Result<std::optional<std::string>> Overflow();
  Result<std::vector<Store::Write>> Removal(const std::string& name);
  void Removed() { --items_; }

 private:
  Result<std::optional<std::string>> LastUse(const std::string& name);

  std::string UsedName(std::string_view time, std::string_view name) const;
  std::string LastName(std::string_view name) const;

  const std::shared_ptr<Store> store_;
  const size_t max_items_;
  const std::string used_, last_;
  std::atomic<size_t> items_{0};
};

}  // namespace thimble
