#include "ledger/sqlite/checkpointer.hpp"

namespace flashbid::sqlite {

Checkpointer::Checkpointer(Database& db) : db_(db) { sqlite3_wal_hook(db.handle(), &Checkpointer::on_commit, this); }

Checkpointer::~Checkpointer() { sqlite3_wal_hook(db_.handle(), nullptr, nullptr); }

int Checkpointer::on_commit(void* self, sqlite3*, const char*, int frames) {
  auto& checkpointer = *static_cast<Checkpointer*>(self);
  // The WAL starts again at its front once all of it is in the file.
  if (frames < checkpointer.frames_) checkpointer.done_ = 0;
  checkpointer.frames_ = frames;
  return SQLITE_OK;
}

Problem Checkpointer::run() {
  int frames = 0;
  int done = 0;
  const int code = sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames, &done);
  if (code != SQLITE_OK) return db_.problem(Database::Culprit::database);
  frames_ = frames;
  done_ = done;
  return {};
}

}  // namespace flashbid::sqlite
