package dev.slipway.serving.upstream;

import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import io.grpc.Channel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Writes traffic rules to the registry, whose feed tells every server. Each change reads the model
 * and writes only if nobody has changed it in between, or begins anew. Thread-safe.
 */
public final class TrafficRuleStore {
  private static final long SECONDS = 5;

  /** Changes of one model by others, one right after the other, that a change is not lost to. */
  private static final int TRIES = 10;

  /** Who withdraws a rule, in the registry's activities. */
  private static final String ABORT_ACTOR = "slipway-serving";

  private final Channel registry;
  private final Clock clock;

  /** Creates the store; the channel stays the caller's. */
  public TrafficRuleStore(Channel registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
  }

  /**
   * Sets or replaces the rule of a stage; one that says the same already stays as it is.
   *
   * @param expected the revision that the present rule must have; 0 for whatever there is
   * @return the rule as it is kept; fails with {@link TrafficRuleChangedException}, {@link
   *     RegistryUnavailableException}, or {@link SettingsRefusedException} if the registry does not
   *     take it
   */
  public CompletableFuture<TrafficRule> set(
      String model, Stage stage, TrafficRule rule, long expected) {
    Edit edit =
        (present, revision) -> {
          requireRevision(model, stage, present, expected);
          return present
              .filter(rule::saysTheSameAs)
              .or(() -> Optional.of(rule.kept(revision, clock.instant())));
        };
    return change(model, stage, edit, "", TRIES).thenApply(Change::after).thenApply(Optional::get);
  }

  /**
   * Deletes the rule of a stage.
   *
   * @param expected the revision that it must have; 0 for any
   * @return the rule that was there; fails as {@link #set}
   */
  public CompletableFuture<Optional<TrafficRule>> delete(String model, Stage stage, long expected) {
    Edit edit =
        (present, revision) -> {
          requireRevision(model, stage, present, expected);
          return Optional.empty();
        };
    return change(model, stage, edit, "", TRIES).thenApply(Change::before);
  }

  private static void requireRevision(
      String model, Stage stage, Optional<TrafficRule> present, long expected) {
    long actual = present.map(TrafficRule::revision).orElse(0L);
    if (expected != 0 && expected != actual) {
      throw new TrafficRuleChangedException(model, stage, expected, actual);
    }
  }

  /**
   * Withdraws the rule of a stage, unless it has changed since the revision, or is withdrawn.
   *
   * @return ends when the registry has it; fails as {@link #set}
   */
  public CompletableFuture<Void> abort(String model, Stage stage, long revision, String reason) {
    Edit edit =
        (present, next) ->
            present.map(
                rule ->
                    rule.revision() != revision || rule.isAborted()
                        ? rule
                        : rule.aborted(reason).kept(next, clock.instant()));
    return change(model, stage, edit, ABORT_ACTOR, TRIES).thenApply(change -> null);
  }

  /** Decides what comes in the place of a rule. */
  private interface Edit {
    /**
     * Returns the rule from now on.
     *
     * @param present the rule that is there
     * @param revision one that no rule of the model had before
     */
    Optional<TrafficRule> apply(Optional<TrafficRule> present, long revision);
  }

  /** A rule before and after. */
  private record Change(Optional<TrafficRule> before, Optional<TrafficRule> after) {}

  private CompletableFuture<Change> change(
      String model, Stage stage, Edit edit, String actor, int tries) {
    CompletableFuture<RegisteredModel> read = new CompletableFuture<>();
    stub(actor)
        .getRegisteredModel(
            GetRegisteredModelRequest.newBuilder().setName(model).build(),
            new RegistryAnswer<>(model, read));
    return read.thenCompose(
        known -> {
          Optional<TrafficRule> before = TrafficRuleTags.read(model, stage, known.getTagsMap());
          // Above that of every rule that was there: keeping it took a revision of the model.
          Optional<TrafficRule> after = edit.apply(before, known.getRevision() + 1);
          if (after.equals(before)) {
            return CompletableFuture.completedFuture(new Change(before, after));
          }
          CompletableFuture<RegisteredModel> written = new CompletableFuture<>();
          stub(actor)
              .setRegisteredModelTags(
                  SetRegisteredModelTagsRequest.newBuilder()
                      .setName(model)
                      .putTags(
                          TrafficRuleTags.tag(stage), after.map(TrafficRuleTags::write).orElse(""))
                      .setExpectedRevision(known.getRevision())
                      .build(),
                  new RegistryAnswer<>(model, written));
          return written
              .thenApply(done -> new Change(before, after))
              .exceptionallyCompose(
                  failure ->
                      failure.getCause() instanceof RegistryAnswer.LostRaceException && tries > 1
                          ? change(model, stage, edit, actor, tries - 1)
                          : CompletableFuture.failedFuture(failure));
        });
  }

  private RegistryServiceGrpc.RegistryServiceStub stub(String actor) {
    RegistryServiceGrpc.RegistryServiceStub stub =
        RegistryServiceGrpc.newStub(registry).withDeadlineAfter(SECONDS, TimeUnit.SECONDS);
    if (actor.isEmpty()) {
      return stub;
    }
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER), actor);
    return stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }
}
