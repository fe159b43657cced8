package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * Is one command inside its transaction: it holds the revision row, so no other command runs beside
 * it, and makes at most one event. Not thread-safe.
 */
final class RegistryCommand {
  private final Handle handle;
  private final Caller caller;
  private final Instant now;
  private final long revision;
  private final RegistryReader reader;
  private final StageReader stages;
  private boolean recorded;
  private boolean queuedForWebhooks;

  RegistryCommand(Handle handle, Caller caller, Instant now, long revision) {
    this.handle = handle;
    this.caller = caller;
    this.now = now;
    this.revision = revision;
    this.reader = new RegistryReader(handle);
    this.stages = new StageReader(handle);
  }

  Handle handle() {
    return handle;
  }

  Caller caller() {
    return caller;
  }

  Instant now() {
    return now;
  }

  /** Returns the revision that this command makes, if it changes anything. */
  long revision() {
    return revision;
  }

  /** Returns the revision of the registry after this command, as far as it has come. */
  long revisionAfter() {
    return recorded ? revision : revision - 1;
  }

  boolean recorded() {
    return recorded;
  }

  /** Returns whether a webhook is to be told of this command. */
  boolean queuedForWebhooks() {
    return queuedForWebhooks;
  }

  RegistryReader reader() {
    return reader;
  }

  StageReader stages() {
    return stages;
  }

  <T> T dao(Class<T> type) {
    return handle.attach(type);
  }

  void touchModel(long modelId) {
    dao(RegisteredModelDao.class).touch(modelId, now, caller.name(), revision);
  }

  void touchVersion(long modelId, VersionNumber version) {
    touchModel(modelId);
    dao(ModelVersionDao.class).touch(modelId, version.value(), now, caller.name(), revision);
  }

  void record(RegistryEventType type, long modelId, RegistryChange change) {
    record(type, modelId, change, List.of(), "");
  }

  void record(
      RegistryEventType type,
      long modelId,
      RegistryChange change,
      List<RegistryChange> alsoChanged,
      String comment) {
    record(type, OptionalLong.of(modelId), change, alsoChanged, comment, false);
  }

  /**
   * Takes the revision and appends the event; once per command.
   *
   * @param modelId absent when the event is about no model
   */
  void record(
      RegistryEventType type,
      OptionalLong modelId,
      RegistryChange change,
      List<RegistryChange> alsoChanged,
      String comment,
      boolean forced) {
    if (recorded) {
      throw new IllegalStateException("a command makes one event");
    }
    recorded = true;
    RegistryState subject = change.after().or(change::before).orElseThrow();
    dao(RevisionDao.class).set(revision);
    dao(RegistryEventDao.class)
        .insert(
            new RegistryEventDao.EventRow(
                revision,
                now,
                caller.name(),
                type.name(),
                modelId.isPresent() ? modelId.getAsLong() : null,
                subject.modelName().map(ModelName::value).orElse(""),
                subject.versionNumber().map(VersionNumber::value).orElse(0L),
                text(change.before()),
                text(change.after()),
                EventStates.write(alsoChanged),
                comment,
                forced));
    queueForWebhooks(type, change, alsoChanged);
  }

  private void queueForWebhooks(
      RegistryEventType type, RegistryChange change, List<RegistryChange> alsoChanged) {
    RegistryState subject = change.after().or(change::before).orElseThrow();
    for (WebhookEvent event : WebhookEvent.of(type, alsoChanged)) {
      int queued =
          dao(WebhookDeliveryDao.class)
              .queue(
                  revision,
                  event.entity().name(),
                  event.action().map(Enum::name).orElseThrow(),
                  subject.modelName().map(ModelName::value).orElse(""),
                  formatsThatTell(event, change),
                  now);
      queuedForWebhooks |= queued > 0;
    }
  }

  private static String[] formatsThatTell(WebhookEvent event, RegistryChange change) {
    return Arrays.stream(WebhookFormat.values())
        .filter(format -> format.tells(event, change))
        .map(Enum::name)
        .toArray(String[]::new);
  }

  private static String text(Optional<RegistryState> state) {
    return state.map(EventStates::write).orElse(null);
  }
}
