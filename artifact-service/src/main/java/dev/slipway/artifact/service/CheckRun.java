package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.maintenance.CheckCounts;
import dev.slipway.artifact.maintenance.Finding;
import dev.slipway.artifact.maintenance.FindingKind;
import dev.slipway.artifact.maintenance.RecordedContent;
import dev.slipway.artifact.store.ConsistencyStore;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Is one consistency check and its counts.
 *
 * <p>Rows and store are walked side by side in order of digest. Both go on changing meanwhile, so
 * what differs is looked at again, by itself, before it is told. For one thread.
 */
final class CheckRun {
  private static final Logger log = LoggerFactory.getLogger(CheckRun.class);

  private static final int MAX_NAMES = 10;
  private static final int READ_BYTES = 256 << 10;
  private static final long PROGRESS_BYTES = 8 << 20;

  private final ConsistencyStore rows;
  private final BlobStore blobs;
  private final boolean verifyContent;
  private final MaintenanceLease lease;
  private final ConsistencyCheck.Listener listener;

  private long examined;
  private long verifiedBytes;
  private long findings;

  CheckRun(
      ConsistencyStore rows,
      BlobStore blobs,
      boolean verifyContent,
      MaintenanceLease lease,
      ConsistencyCheck.Listener listener) {
    this.rows = rows;
    this.blobs = blobs;
    this.verifyContent = verifyContent;
    this.lease = lease;
    this.listener = listener;
  }

  CheckCounts run(ArtifactPath below) {
    Pages<RecordedContent> recorded =
        new Pages<>(
            (after, limit) -> rows.list(below, after, limit), row -> row.content().sha256());
    if (below.isRoot()) {
      compare(recorded, new Pages<>(blobs::list, Content::sha256));
    } else {
      while (goesOn() && recorded.hasNext()) {
        RecordedContent row = recorded.next();
        examine(Optional.of(row), blobs.findSize(row.content().sha256()), row.content().sha256());
      }
    }
    return counts();
  }

  private CheckCounts counts() {
    return new CheckCounts(examined, verifiedBytes, findings);
  }

  private boolean goesOn() {
    lease.renewIfDue();
    return listener.goesOn(counts());
  }

  private void compare(Pages<RecordedContent> recorded, Pages<Content> stored) {
    while (goesOn() && (recorded.hasNext() || stored.hasNext())) {
      Optional<Sha256> nextRecorded = recorded.peek().map(row -> row.content().sha256());
      Optional<Sha256> nextStored = stored.peek().map(Content::sha256);
      boolean rowIsFirst = isFirst(nextRecorded, nextStored);
      boolean blobIsFirst = isFirst(nextStored, nextRecorded);
      Optional<RecordedContent> row = rowIsFirst ? Optional.of(recorded.next()) : Optional.empty();
      OptionalLong size =
          blobIsFirst ? OptionalLong.of(stored.next().sizeBytes()) : OptionalLong.empty();
      examine(row, size, (rowIsFirst ? nextRecorded : nextStored).orElseThrow());
    }
  }

  /** Returns whether a digest is there and not behind another, where that is there. */
  private static boolean isFirst(Optional<Sha256> one, Optional<Sha256> other) {
    return one.isPresent()
        && (other.isEmpty() || one.get().hex().compareTo(other.get().hex()) <= 0);
  }

  private void examine(Optional<RecordedContent> row, OptionalLong storedBytes, Sha256 sha256) {
    examined++;
    if (verifyContent && row.isPresent() && !hasItsDigest(row.get().content(), storedBytes)) {
      OptionalLong storedNow = blobs.findSize(sha256);
      Optional<RecordedContent> rowNow = rows.find(sha256);
      // Else it was removed meanwhile.
      if (storedNow.equals(storedBytes) && rowNow.isPresent()) {
        rows.suspect(sha256);
        tell(FindingKind.DIGEST_DIFFERS, sha256, rowNow, storedNow);
      }
    } else if (judge(row, storedBytes).isPresent()) {
      lookAgain(sha256);
    }
  }

  private static Optional<FindingKind> judge(
      Optional<RecordedContent> row, OptionalLong storedBytes) {
    if (row.isEmpty()) {
      return storedBytes.isPresent() ? Optional.of(FindingKind.CONTENT_UNKNOWN) : Optional.empty();
    }
    if (!row.get().inUse()) {
      return Optional.of(FindingKind.CONTENT_UNREFERENCED);
    }
    if (storedBytes.isEmpty()) {
      return Optional.of(FindingKind.CONTENT_MISSING);
    }
    return storedBytes.getAsLong() == row.get().content().sizeBytes()
        ? Optional.empty()
        : Optional.of(FindingKind.SIZE_DIFFERS);
  }

  /** What is put or removed just now shows one thing before the store was asked, another after. */
  private void lookAgain(Sha256 sha256) {
    Optional<FindingKind> before = judge(rows.find(sha256), blobs.findSize(sha256));
    OptionalLong storedBytes = blobs.findSize(sha256);
    Optional<RecordedContent> row = rows.find(sha256);
    Optional<FindingKind> after = judge(row, storedBytes);
    if (after.isPresent() && after.equals(before)) {
      tell(after.get(), sha256, row, storedBytes);
    }
  }

  private void tell(
      FindingKind kind, Sha256 sha256, Optional<RecordedContent> row, OptionalLong storedBytes) {
    findings++;
    listener.found(
        new Finding(
            kind,
            sha256,
            row.map(recorded -> recorded.content().sizeBytes()).orElse(0L),
            storedBytes.orElse(0),
            rows.listPaths(sha256, MAX_NAMES),
            rows.listHolders(sha256, MAX_NAMES)));
  }

  /**
   * Returns whether the bytes have their digest; true also when there are none, or not as many as
   * there should be, which is another difference, and when told to end before all was read. Bytes
   * that cannot be read, from a store that answers, do not have it.
   */
  private boolean hasItsDigest(Content content, OptionalLong storedBytes) {
    if (storedBytes.isEmpty() || storedBytes.getAsLong() != content.sizeBytes()) {
      return true;
    }
    MessageDigest digest = Sha256.newDigest();
    byte[] buffer = new byte[READ_BYTES];
    long sinceProgress = 0;
    try (InputStream in = blobs.open(content, 0, content.sizeBytes())) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        verifiedBytes += n;
        sinceProgress += n;
        if (sinceProgress >= PROGRESS_BYTES) {
          sinceProgress = 0;
          if (!goesOn()) {
            return true;
          }
        }
      }
    } catch (ContentDamagedException e) {
      log.debug("{} is not there any more", content, e);
      return true;
    } catch (IOException e) {
      requireAnswer(content, new StoreUnavailableException(e));
      return false;
    } catch (StoreUnavailableException e) {
      requireAnswer(content, e);
      return false;
    }
    return Sha256.of(digest).equals(content.sha256());
  }

  private void requireAnswer(Content content, StoreUnavailableException failure) {
    if (!blobs.answers()) {
      throw failure;
    }
    log.warn("{} cannot be read", content, failure);
  }
}
