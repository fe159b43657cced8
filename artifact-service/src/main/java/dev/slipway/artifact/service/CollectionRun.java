package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.maintenance.CollectionCounts;
import dev.slipway.artifact.maintenance.JudgedContent;
import dev.slipway.artifact.maintenance.Verdict;
import dev.slipway.artifact.store.CollectionStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Is one garbage collection, or the dry run of one, and its counts. For one thread. */
final class CollectionRun {
  private static final Logger log = LoggerFactory.getLogger(CollectionRun.class);

  private static final Duration LONGEST_PUT = Duration.ofHours(24);
  private static final int PAGE = 1000;
  // Whoever binds content that is being decided on waits for the batch.
  private static final int DECISIONS_PER_BATCH = 100;
  private static final int MANIFESTS_PER_BATCH = 100;

  private final CollectionStore collections;
  private final BlobStore blobs;
  private final Clock clock;
  private final Instant condemnedBefore;
  private final Predicate<CollectionCounts> goesOn;

  private long examined;
  private long condemned;
  private long condemnedBytes;
  private long revived;
  private long removed;
  private long removedBytes;
  private long removedManifests;
  private long discardedUploads;
  private Optional<StoreUnavailableException> failure = Optional.empty();

  CollectionRun(
      CollectionStore collections,
      BlobStore blobs,
      Clock clock,
      Duration gracePeriod,
      Predicate<CollectionCounts> goesOn) {
    this.collections = collections;
    this.blobs = blobs;
    this.clock = clock;
    // What this run condemns gets a later time, so that it stays even without a grace period.
    Instant before = clock.instant().minus(gracePeriod);
    // Columns do not reach back as far as durations do.
    this.condemnedBefore = before.isBefore(Instant.EPOCH) ? Instant.EPOCH : before;
    this.goesOn = goesOn;
  }

  CollectionCounts counts() {
    return new CollectionCounts(
        examined,
        condemned,
        condemnedBytes,
        revived,
        removed,
        removedBytes,
        removedManifests,
        discardedUploads);
  }

  /**
   * Counts what {@link #collect} would do.
   *
   * @param staleUploads how many uploads would be discarded
   */
  void count(int staleUploads) {
    discardedUploads = staleUploads;
    discardedUploads += discardLeftovers(true);
    removedManifests = collections.countUnheldManifests();
    if (goesOn() && eachUnknown(this::countCondemned)) {
      eachPage(page -> page.forEach(this::countVerdict));
    }
    throwFailure();
  }

  /**
   * Collects until nothing is left to do or it is told to end.
   *
   * @param staleUploads how many uploads were discarded
   * @throws StoreUnavailableException at once if the store does not answer; at the end if it
   *     refused something, which the next collection tries again
   */
  void collect(int staleUploads) {
    discardedUploads = staleUploads;
    discardedUploads += discardLeftovers(false);
    // Manifests first: the content that only they list is then found without reference.
    if (removeManifests() && eachUnknown(this::condemnUnknown)) {
      eachPage(this::treat);
    }
    throwFailure();
  }

  private void throwFailure() {
    failure.ifPresent(
        e -> {
          throw e;
        });
  }

  private int discardLeftovers(boolean dryRun) {
    return inStore(() -> blobs.discardLeftovers(clock.instant().minus(LONGEST_PUT), dryRun), 0);
  }

  private boolean goesOn() {
    return goesOn.test(counts());
  }

  private boolean removeManifests() {
    while (goesOn()) {
      List<Long> batch = collections.beginManifestRemoval(MANIFESTS_PER_BATCH);
      if (batch.isEmpty()) {
        return true;
      }
      for (long manifest : batch) {
        while (!collections.removeManifestStep(manifest)) {
          if (!goesOn()) {
            return false;
          }
        }
        removedManifests++;
      }
    }
    return false;
  }

  /** Is what is done with bytes that no row names. */
  private interface UnknownContent {
    void treat(Content stored);
  }

  /** Goes through the whole store; returns false when told to end. */
  private boolean eachUnknown(UnknownContent treatment) {
    Optional<Sha256> last = Optional.empty();
    while (goesOn()) {
      List<Content> page = blobs.list(last, PAGE);
      collections.findUnknown(page).forEach(treatment::treat);
      if (page.size() < PAGE) {
        return true;
      }
      last = Optional.of(page.get(page.size() - 1).sha256());
    }
    return false;
  }

  private void condemnUnknown(Content stored) {
    // Listed a while ago: somebody may have removed it since.
    OptionalLong size = blobs.findSize(stored.sha256());
    if (size.isPresent()
        && collections.condemnUnknown(
            new Content(stored.sha256(), size.getAsLong()), clock.instant())) {
      countCondemned(stored);
    }
  }

  private void countCondemned(Content content) {
    condemned++;
    condemnedBytes += content.sizeBytes();
  }

  /** Is what is done with a page of content that rows name. */
  private interface ExaminedPage {
    void treat(List<JudgedContent> page);
  }

  private void eachPage(ExaminedPage treatment) {
    Optional<Sha256> last = Optional.empty();
    while (goesOn()) {
      List<JudgedContent> page = collections.examine(last, PAGE, condemnedBefore);
      examined += page.size();
      treatment.treat(page);
      if (page.size() < PAGE) {
        return;
      }
      last = Optional.of(page.get(page.size() - 1).content().sha256());
    }
  }

  private void treat(List<JudgedContent> page) {
    List<Sha256> due = new ArrayList<>();
    for (JudgedContent judged : page) {
      if (judged.verdict() != Verdict.KEEP) {
        due.add(judged.content().sha256());
      }
      if (due.size() == DECISIONS_PER_BATCH) {
        decide(due);
        due.clear();
        if (!goesOn()) {
          return;
        }
      }
    }
    decide(due);
  }

  private void decide(List<Sha256> due) {
    if (due.isEmpty()) {
      return;
    }
    for (JudgedContent decided : collections.decide(due, clock.instant(), condemnedBefore)) {
      if (decided.verdict() == Verdict.REMOVE || decided.verdict() == Verdict.FINISH_REMOVAL) {
        if (!goesOn()) {
          return;
        }
        remove(decided);
      } else {
        countVerdict(decided);
      }
    }
  }

  private void remove(JudgedContent judged) {
    boolean removed =
        inStore(() -> collections.remove(judged.content().sha256(), blobs::delete), false);
    // Where it is not, an upload of the same content has finished the removal.
    if (removed) {
      countVerdict(judged);
    }
  }

  /**
   * Does something with one thing of the store. When that fails, while the store answers, the rest
   * goes on, and the failure is thrown at the end.
   */
  private <T> T inStore(Supplier<T> work, T otherwise) {
    try {
      return work.get();
    } catch (StoreUnavailableException e) {
      if (!blobs.answers()) {
        throw e;
      }
      log.warn("the collection goes on without what failed", e);
      if (failure.isEmpty()) {
        failure = Optional.of(e);
      }
      return otherwise;
    }
  }

  private void countVerdict(JudgedContent judged) {
    switch (judged.verdict()) {
      case CONDEMN -> countCondemned(judged.content());
      case REVIVE -> revived++;
      case REMOVE, FINISH_REMOVAL -> {
        removed++;
        removedBytes += judged.content().sizeBytes();
      }
      case KEEP -> {}
    }
  }
}
