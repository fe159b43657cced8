package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.policy.CheckedBasis;
import dev.slipway.registry.policy.ChecksNotPassedException;
import dev.slipway.registry.policy.ChecksOutdatedException;
import dev.slipway.registry.policy.StagePolicy;
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
 * return, allowed by the policy of that moment; no reader sees two holders of a place in a stage,
 * or none in between. Thread-safe.
 */
public final class StageStore {
  private final RegistryTransactions transactions;

  /** Creates the store. */
  public StageStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Reads what the checks of a move would look at now, if nothing else refuses it.
   *
   * @return absent when the move takes no checks
   * @throws dev.slipway.runtime.error.ServiceException if {@link #transition} would refuse the move
   *     whatever its checks say
   */
  public Optional<CheckBasis> basis(StageTransition wanted, Caller caller) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return isMade(reader, wanted)
              ? Optional.empty()
              : decide(reader, new StageReader(handle), wanted, caller).checks();
        });
  }

  /** Reads what the checks for a version and a stage would look at now; absent: there are none. */
  public Optional<CheckBasis> basis(ModelName name, VersionNumber number, Stage stage) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          RegisteredModelRow model = reader.modelRow(name);
          ModelVersion version = reader.brief(model, number);
          return StageMoves.basis(reader, new StageReader(handle), model, version.number(), stage);
        });
  }

  /**
   * Moves a version. One that is in the stage stays as it is, wherever the caller expected it to
   * be, so that a call can be repeated whose answer was lost.
   *
   * @param checked the checks that were run for this move, if any
   * @throws StageChangedException if the version is not where the caller expects it
   * @throws StageOccupiedException if others hold the stage and are not to be archived
   * @throws VersionNotReadyException if the version's package was not read
   * @throws dev.slipway.registry.policy.ApprovalRequiredException if the move takes a request
   * @throws dev.slipway.registry.actor.RoleRequiredException if the caller lacks a role
   * @throws dev.slipway.registry.policy.NoChecksException if the move asks for checks and there are
   *     none
   * @throws ChecksOutdatedException if the move takes checks that were not run, or looked at
   *     something else than what is there now
   * @throws ChecksNotPassedException if a check did not pass
   * @throws dev.slipway.registry.policy.ChecksUnavailableException if one could not be run
   */
  public StageTransitionResult transition(
      StageTransition wanted, Optional<CheckedBasis> checked, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          if (isMade(command.reader(), wanted)) {
            RegisteredModelRow model = command.reader().modelRow(wanted.name());
            return new StageTransitionResult(
                command.reader().version(model, wanted.version()),
                List.of(),
                Optional.empty(),
                command.revisionAfter());
          }
          StageMove move = decide(command.reader(), command.stages(), wanted, caller);
          Optional<CheckReport> report = StageMoves.requirePassed(move, checked, command.now());
          return StageMoves.make(command, move, report, List.of(), wanted.comment());
        });
  }

  private static boolean isMade(RegistryReader reader, StageTransition wanted) {
    RegisteredModelRow model = reader.modelRow(wanted.name());
    return reader.brief(model, wanted.version()).stage() == wanted.stage();
  }

  private static StageMove decide(
      RegistryReader reader, StageReader stages, StageTransition wanted, Caller caller) {
    return StageMoves.decide(reader, stages, wanted, policy -> grant(wanted, caller, policy));
  }

  /**
   * Gives a stage back to the version that held it before the one that came last.
   *
   * @param expected version that the caller believes to have come last; absent: any
   * @throws StageChangedException if another version came last than expected
   * @throws NoPreviousHolderException if there is no holder now, or none before it
   * @throws dev.slipway.registry.actor.RoleRequiredException if the caller lacks a role
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
          command.stages().rules(model.modelId(), stage).requireTransitionRole(caller, stage);
          StageDao stages = command.dao(StageDao.class);
          Optional<VersionNumber> last =
              stages.findLastComer(model.modelId(), stage.name()).map(VersionNumber::new);
          if (expected.isPresent() && !expected.equals(last)) {
            throw StageChangedException.ofStage(
                stage, expected.get(), last.map(v -> "version " + v).orElse("no version"));
          }
          ModelVersion previous =
              last.flatMap(now -> stages.findHolderBefore(model.modelId(), stage.name()))
                  .map(number -> command.reader().brief(model, new VersionNumber(number)))
                  .orElseThrow(() -> new NoPreviousHolderException(name, stage));
          previous.requireReady();
          return StageMoves.make(
              command,
              new StageMove(
                  model, previous, stage, last.stream().toList(), false, Optional.empty()),
              Optional.empty(),
              List.of(),
              comment);
        });
  }

  private static boolean grant(
      StageTransition wanted, Caller caller, Optional<StagePolicy> policy) {
    if (policy.isEmpty()) {
      return false;
    }
    if (wanted.force()) {
      policy.get().rules().requireForcibleBy(caller, wanted.stage());
    } else {
      policy.get().rules().requireMovableBy(caller, wanted.stage());
    }
    return wanted.force();
  }
}
