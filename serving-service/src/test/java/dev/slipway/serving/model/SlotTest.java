package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.ModelPool.Retry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class SlotTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATER = START.plusSeconds(3600);
  private static final Duration ROLLBACK = Duration.ofMinutes(1);

  private final TestVersions versions = new TestVersions();
  private final CatalogVersion version = TestVersions.version(1, "a");
  private final CompletableFuture<Void> load = new CompletableFuture<>();

  private Slot slot(Need need) {
    Slot slot =
        new Slot(
            version,
            new KeepPolicy(Duration.ofMinutes(1), 0, Duration.ofMinutes(1)),
            Clock.fixed(START, ZoneOffset.UTC));
    slot.pin(need);
    return slot;
  }

  @Test
  void discardedWhileLoading_refusesTheCopyThatCame() {
    Slot slot = slot(Need.REQUESTS);
    assertThat(slot.begin(load, Need.REQUESTS, Retry.HELD_OFF)).containsSame(load);
    assertThat(slot.discard()).isEmpty();
    LoadedModel late = versions.load(version);

    assertThat(slot.succeed(late)).containsSame(late);

    assertThat(slot.isReady()).isFalse();
    assertThat(slot.acquire()).isEmpty();
  }

  @Test
  void discarded_takesNoLoadAnyMore() {
    Slot slot = slot(Need.REQUESTS);
    slot.discard();

    assertThat(slot.begin(load, Need.PRODUCTION, Retry.RELOAD)).isEmpty();
  }

  @Test
  void rollbackCopyThatAStageAskedForAgain_isNotSweptAway() {
    Slot slot = slot(Need.PRODUCTION);
    slot.succeed(versions.load(version));
    slot.pin(Need.REQUESTS);
    Instant seen = slot.rollbackSince().orElseThrow();

    // Between the sweep's look at it and its end, the stage comes back.
    assertThat(slot.begin(load, Need.PRODUCTION, Retry.AT_ONCE).orElseThrow()).isDone();

    assertThat(slot.discardRollback(seen)).isFalse();
    assertThat(slot.discardOutstayed(LATER, ROLLBACK)).isFalse();
    assertThat(slot.isReady()).isTrue();
  }

  @Test
  void stagingCopyThatWasPromoted_isNotUnloadedAsOneOfStaging() {
    Slot slot = slot(Need.STAGING);
    slot.succeed(versions.load(version));
    Slot.Eviction seen = slot.eviction(Need.PRODUCTION).orElseThrow();

    slot.pin(Need.PRODUCTION);

    assertThat(slot.evict(seen)).isEmpty();
    assertThat(slot.isReady()).isTrue();
  }

  @Test
  void outstayed_isDiscardedOnce() {
    Slot slot = slot(Need.REQUESTS);
    slot.succeed(versions.load(version));

    assertThat(slot.discardOutstayed(START, ROLLBACK)).isFalse();
    assertThat(slot.discardOutstayed(LATER, ROLLBACK)).isTrue();
    assertThat(slot.discardOutstayed(LATER, ROLLBACK)).isFalse();
    assertThat(slot.discard()).isPresent();
  }

  @Test
  void rollbackCopy_staysAsLongAsItsModelSays() {
    Slot slot = slot(Need.PRODUCTION);
    slot.succeed(versions.load(version));
    slot.pin(Need.REQUESTS);

    assertThat(slot.discardOutstayed(LATER, Duration.ofHours(2))).isFalse();
    assertThat(slot.discardOutstayed(LATER, ROLLBACK)).isTrue();
  }
}
