package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.NoPreviousHolderException;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageChangedException;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;
import dev.slipway.registry.version.VersionNotReadyException;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;

/**
 * Moves versions between stages. Every move is one command: atomic, with one event, durable on
 * return; no reader sees two holders of an exclusive stage, or none in between. Thread-safe.
 */
public final class StageStore {
  private final RegistryTransactions transactions;

  /** Creates the store. */
  public StageStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Moves a version.
   *
   * @throws StageChangedException if the version is not where the caller expects it
   * @throws StageOccupiedException if another version holds the stage and is not to be archived
   * @throws VersionNotReadyException if the version's package was not read
   */
  public StageTransitionResult transition(StageTransition transition, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(transition.name());
          ModelVersion before = command.reader().brief(model, transition.version());
          transition.requireExpected(before);
          if (before.stage() == transition.stage()) {
            return new StageTransitionResult(
                command.reader().version(model, before.number()),
                List.of(),
                command.revisionAfter());
          }
          before.requireReady();
          Optional<VersionNumber> holder = holder(command, model, transition.stage());
          if (holder.isPresent() && !transition.archiveExisting()) {
            throw new StageOccupiedException(transition.name(), transition.stage(), holder.get());
          }
          return move(command, model, before, transition.stage(), holder, transition.comment());
        });
  }

  /**
   * Gives a stage back to the version that held it before the present one.
   *
   * @param expected version that the caller believes to hold the stage; absent: any
   * @throws StageChangedException if another version holds the stage than expected
   * @throws NoPreviousHolderException if there is no holder now, or none before it
   */
  public StageTransitionResult rollback(
      ModelName name,
      Stage stage,
      Optional<VersionNumber> expected,
      String comment,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          Optional<VersionNumber> holder = holder(command, model, stage);
          if (expected.isPresent() && !expected.equals(holder)) {
            throw StageChangedException.ofStage(
                stage, expected.get(), holder.map(v -> "version " + v).orElse("no version"));
          }
          StageDao stages = command.dao(StageDao.class);
          Optional<Long> earlier =
              holder.flatMap(
                  now -> stages.findHolderBefore(model.modelId(), stage.name(), now.value()));
          VersionNumber previous =
              new VersionNumber(
                  earlier.orElseThrow(() -> new NoPreviousHolderException(name, stage)));
          ModelVersion before = command.reader().brief(model, previous);
          before.requireReady();
          return move(command, model, before, stage, holder, comment);
        });
  }

  private static Optional<VersionNumber> holder(
      RegistryCommand command, RegisteredModelRow model, Stage stage) {
    return command
        .dao(StageDao.class)
        .findHolder(model.modelId(), stage.name())
        .map(VersionNumber::new);
  }

  private static StageTransitionResult move(
      RegistryCommand command,
      RegisteredModelRow model,
      ModelVersion before,
      Stage stage,
      Optional<VersionNumber> displaced,
      String comment) {
    Optional<ModelVersion> displacedBefore =
        displaced.map(number -> command.reader().brief(model, number));
    displaced.ifPresent(number -> place(command, model, number, Stage.ARCHIVED));
    place(command, model, before.number(), stage);
    Optional<ModelVersion> displacedAfter =
        displaced.map(number -> command.reader().brief(model, number));
    List<RegistryChange> alsoChanged =
        displacedBefore.stream()
            .map(old -> RegistryChange.of(old, displacedAfter.orElseThrow()))
            .toList();
    command.record(
        RegistryEventType.STAGE_TRANSITIONED,
        model.modelId(),
        RegistryChange.of(before, command.reader().brief(model, before.number())),
        alsoChanged,
        comment);
    return new StageTransitionResult(
        command.reader().version(model, before.number()),
        displacedAfter.stream().toList(),
        command.revisionAfter());
  }

  private static void place(
      RegistryCommand command, RegisteredModelRow model, VersionNumber number, Stage stage) {
    StageDao stages = command.dao(StageDao.class);
    stages.unassign(model.modelId(), number.value());
    if (stage.exclusive()) {
      stages.assign(model.modelId(), stage.name(), number.value());
      stages.remember(model.modelId(), stage.name(), command.revision(), number.value());
    }
    command
        .dao(ModelVersionDao.class)
        .updateStage(model.modelId(), number.value(), stage == Stage.ARCHIVED, command.now());
    command.touchVersion(model.modelId(), number);
  }
}
