package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
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
import java.util.Set;
import java.util.function.Predicate;

/** Is one garbage collection, or the dry run of one, and its counts. For one thread. */
final class CollectionRun {
  private static final Duration LONGEST_PUT = Duration.ofHours(24);
  private static final int PAGE = 1000;
  // Whoever stores content that is being removed waits for the batch.
  private static final int REMOVALS_PER_BATCH = 100;
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
  }

  /**
   * Collects until nothing is left to do or it is told to end.
   *
   * @param staleUploads how many uploads were discarded
   */
  void collect(int staleUploads) {
    discardedUploads = staleUploads;
    discardedUploads += discardLeftovers(false);
    // Manifests first: the content that only they list is then found without reference.
    if (removeManifests() && eachUnknown(this::condemnUnknown)) {
      eachPage(this::treat);
    }
  }

  private int discardLeftovers(boolean dryRun) {
    return blobs.discardLeftovers(clock.instant().minus(LONGEST_PUT), dryRun);
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
      if (due.size() == REMOVALS_PER_BATCH) {
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
    List<JudgedContent> toRemove = new ArrayList<>();
    for (JudgedContent decided : collections.decide(due, clock.instant(), condemnedBefore)) {
      if (decided.verdict() == Verdict.REMOVE || decided.verdict() == Verdict.FINISH_REMOVAL) {
        toRemove.add(decided);
      } else {
        countVerdict(decided);
      }
    }
    remove(toRemove);
  }

  private void remove(List<JudgedContent> toRemove) {
    if (toRemove.isEmpty()) {
      return;
    }
    List<Sha256> digests = toRemove.stream().map(judged -> judged.content().sha256()).toList();
    Set<Sha256> gone = collections.remove(digests, blobs::delete);
    for (JudgedContent judged : toRemove) {
      // Where it is not, an upload of the same content has finished the removal.
      if (gone.contains(judged.content().sha256())) {
        countVerdict(judged);
      }
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
