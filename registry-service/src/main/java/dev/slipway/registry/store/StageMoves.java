package dev.slipway.registry.store;

import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.Predecessor;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.policy.CheckedBasis;
import dev.slipway.registry.policy.ChecksOutdatedException;
import dev.slipway.registry.policy.NoChecksException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * Decides about moves and makes them, inside one transaction.
 *
 * <p>A move is decided twice: once in a read, so that checks run only for moves that nothing else
 * refuses, and once more in the command that makes it, which alone counts.
 */
final class StageMoves {
  private StageMoves() {}

  /** Says whether a policy lets the caller make a move, and whether that is by force. */
  interface Permission {
    /** Throws unless the move is allowed; returns whether it is forced. */
    boolean grant(Optional<StagePolicy> policy);
  }

  /**
   * Decides about a move by the state of this moment; throws what refuses it.
   *
   * @param wanted a move of a version that is in another stage
   */
  static StageMove decide(
      RegistryReader reader, StageReader stages, StageTransition wanted, Permission permission) {
    RegisteredModelRow model = reader.modelRow(wanted.name());
    ModelVersion version = reader.brief(model, wanted.version());
    Stage stage = wanted.stage();
    wanted.requireExpected(version);
    version.requireReady();
    Optional<StagePolicy> policy = stages.policy(model.modelId(), stage);
    PolicyRules rules = policy.map(StagePolicy::rules).orElse(PolicyRules.NONE);
    boolean forced = permission.grant(policy);
    if (wanted.requireChecks() && rules.checks().isEmpty()) {
      throw new NoChecksException(wanted.name(), stage);
    }
    List<VersionNumber> holders = stages.holders(model.modelId(), stage);
    if (!holders.isEmpty() && !wanted.archiveExisting()) {
      if (!rules.allowMultipleVersions()) {
        throw StageOccupiedException.byOthers(wanted.name(), stage, holders);
      }
      if (holders.size() >= Stage.MAX_VERSIONS) {
        throw new TooManyException("versions", stage + " of " + wanted.name(), Stage.MAX_VERSIONS);
      }
    }
    return new StageMove(
        model,
        version,
        stage,
        wanted.archiveExisting() ? holders : List.of(),
        forced,
        forced ? Optional.empty() : basis(reader, stages, model, wanted.version(), stage));
  }

  /** Reads what the checks of a stage look at; absent when it has none. */
  static Optional<CheckBasis> basis(
      RegistryReader reader,
      StageReader stages,
      RegisteredModelRow model,
      VersionNumber version,
      Stage stage) {
    Optional<StagePolicy> policy =
        stages.policy(model.modelId(), stage).filter(p -> !p.rules().checks().isEmpty());
    if (policy.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new CheckBasis(
            model.modelId(),
            policy.get().revision(),
            policy.get().rules().checks(),
            reader.version(model, version),
            predecessor(reader, stages, model, version, stage),
            stages.reported(model.modelId(), version)));
  }

  /**
   * Finds the version with which one is compared: that with the highest number of the others that
   * are in the stage, or have left it while nobody has come since. Whoever names the stage gets, or
   * got, that one, and leaving opens nothing. When all of these are deleted it is the one that came
   * last before; what came last itself replaces nobody.
   */
  private static Optional<Predecessor> predecessor(
      RegistryReader reader,
      StageReader stages,
      RegisteredModelRow model,
      VersionNumber version,
      Stage stage) {
    List<VersionNumber> holders = stages.holders(model.modelId(), stage);
    return Stream.concat(holders.stream(), stages.departed(model.modelId(), stage).stream())
        .filter(other -> !other.equals(version))
        .max(Comparator.comparing(VersionNumber::value))
        .or(() -> stages.lastEntrant(model.modelId(), stage).filter(last -> !last.equals(version)))
        .map(other -> new Predecessor(reader.version(model, other), !holders.contains(other)));
  }

  /**
   * Checks that a move's checks have passed, and looked at what is there now.
   *
   * @return the verdicts as of now; absent when the move takes no checks
   * @throws ChecksOutdatedException if they looked at something else, or have not run
   * @throws dev.slipway.registry.policy.ChecksNotPassedException if one did not pass
   * @throws dev.slipway.registry.policy.ChecksUnavailableException if one could not be run
   */
  static Optional<CheckReport> requirePassed(
      StageMove move, Optional<CheckedBasis> checked, Instant now) {
    if (move.checks().isEmpty()) {
      return Optional.empty();
    }
    CheckBasis basis = move.checks().get();
    if (checked.isEmpty() || !checked.get().basis().looksLike(basis)) {
      throw new ChecksOutdatedException(move.version().name(), move.stage());
    }
    CheckedBasis refreshed = checked.get().refreshed(basis, now);
    refreshed.requirePassed(move.stage());
    return Optional.of(refreshed.report());
  }

  /**
   * Makes a move, with its event.
   *
   * @param checks verdicts of the checks that were run
   * @param alsoChanged what the command has changed besides
   */
  static StageTransitionResult make(
      RegistryCommand command,
      StageMove move,
      Optional<CheckReport> checks,
      List<RegistryChange> alsoChanged,
      String comment) {
    RegisteredModelRow model = move.model();
    if (move.version().stage().exclusive()) {
      command
          .dao(StageDao.class)
          .depart(model.modelId(), move.version().stage().name(), move.version().number().value());
    }
    List<ModelVersion> displaced = new ArrayList<>();
    for (VersionNumber number : move.displaced()) {
      displaced.add(command.reader().brief(model, number));
      place(command, model, number, Stage.ARCHIVED);
    }
    VersionNumber mover = move.version().number();
    place(command, model, mover, move.stage());
    List<ModelVersion> archived = new ArrayList<>();
    List<RegistryChange> others = new ArrayList<>();
    for (ModelVersion old : displaced) {
      ModelVersion now = command.reader().brief(model, old.number());
      archived.add(now);
      others.add(RegistryChange.of(old, now));
    }
    others.addAll(alsoChanged);
    command.record(
        RegistryEventType.STAGE_TRANSITIONED,
        OptionalLong.of(model.modelId()),
        RegistryChange.of(move.version(), command.reader().brief(model, mover)),
        others,
        comment,
        move.forced());
    return new StageTransitionResult(
        command.reader().version(model, mover), archived, checks, command.revisionAfter());
  }

  private static void place(
      RegistryCommand command, RegisteredModelRow model, VersionNumber number, Stage stage) {
    StageDao stages = command.dao(StageDao.class);
    stages.unassign(model.modelId(), number.value());
    if (stage.exclusive()) {
      stages.forgetDeparted(model.modelId(), stage.name());
      stages.assign(
          model.modelId(),
          stage.name(),
          firstFree(stages.listSlots(model.modelId(), stage.name())),
          number.value());
      stages.remember(model.modelId(), stage.name(), command.revision(), number.value());
    }
    command
        .dao(ModelVersionDao.class)
        .updateStage(model.modelId(), number.value(), stage == Stage.ARCHIVED, command.now());
    command.touchVersion(model.modelId(), number);
  }

  private static int firstFree(List<Integer> taken) {
    int slot = 0;
    while (slot < taken.size() && taken.get(slot) == slot) {
      slot++;
    }
    return slot;
  }
}
