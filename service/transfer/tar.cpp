// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

struct FreeWriter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

la_ssize_t Append(archive*, void* out, const void* data, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

struct TarWriter::Impl {
  explicit Impl(Instant modified)
      : modified(std::max<int64_t>(modified.time_since_epoch().count(), 0)), writer(archive_write_new()) {
    archive_write_set_format_ustar(writer.get());
    archive_write_set_bytes_in_last_block(writer.get(), 1);  // no padding to ten thousand bytes
    Note(archive_write_open(writer.get(), &out, nullptr, Append, nullptr), "the archive");
  }

  bool Add(std::string_view name, std::string_view contents) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), std::string(name).c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), modified, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(contents.size()));
    return Note(archive_write_header(writer.get(), entry.get()), name) &&
           Note(archive_write_data(writer.get(), contents.data(), contents.size()), name);
  }

  // Of the library's answers only errors are below zero. The first one stays.
  bool Note(la_ssize_t answer, std::string_view what) {
    if (answer >= 0) return true;
    if (!failed) {
      const char* const why = archive_error_string(writer.get());
      failed =
          Error{ErrorKind::kInternal, Check::kRequest, StrCat("tar: ", what, ": ", why ? why : "no memory")};
    }
    return false;
  }

  const int64_t modified;
  std::string out;  // before the writer, which writes into it to its end
  std::unique_ptr<archive, FreeWriter> writer;
  std::optional<Error> failed;
};

TarWriter::TarWriter(Instant modified) : impl_(std::make_unique<Impl>(modified)) {}
TarWriter::~TarWriter() = default;

void TarWriter::Add(std::string_view name, std::string_view contents) { impl_->Add(name, contents); }

Result<std::string> TarWriter::Finish() && {
  impl_->Note(archive_write_close(impl_->writer.get()), "the archive");
  if (impl_->failed) return *std::move(impl_->failed);
  return std::move(impl_->out);
}

}  // namespace thimble
