package dev.slipway.registry.service;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.policy.CheckedBasis;
import dev.slipway.registry.policy.ChecksOutdatedException;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.store.StageStore;
import dev.slipway.registry.store.TransitionRequestStore;
import dev.slipway.registry.upstream.CallContext;
import dev.slipway.registry.upstream.CallEndedException;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves versions whose stages have checks: these ask other services and may take long, so they run
 * before the transaction of the move, which then decides whether what they looked at is still so.
 * Thread-safe.
 */
public final class StageService {
  private static final Logger log = LoggerFactory.getLogger(StageService.class);

  /** How often checks run for one move while policy and stage change under them. */
  private static final int MAX_ATTEMPTS = 3;

  private static final int EXPIRE_PAGE = 100;

  private final StageStore stages;
  private final TransitionRequestStore requests;
  private final CheckRunner checks;
  private final Supplier<String> ids;

  /**
   * Creates the service.
   *
   * @param ids gives 32 lower-case hex digits, never the same twice
   */
  public StageService(
      StageStore stages,
      TransitionRequestStore requests,
      CheckRunner checks,
      Supplier<String> ids) {
    this.stages = stages;
    this.requests = requests;
    this.checks = checks;
    this.ids = ids;
  }

  /**
   * Moves a version, as {@link StageStore#transition} does, after running the checks of the stage.
   *
   * @throws CallEndedException if the caller left, or its deadline passed, while the checks ran
   * @throws ChecksOutdatedException if policy or stage changed again and again meanwhile
   */
  public StageTransitionResult transition(StageTransition wanted, Caller caller) {
    return checked(
        () -> stages.basis(wanted, caller), basis -> stages.transition(wanted, basis, caller));
  }

  /** Runs the checks that a stage has for a version. */
  public CheckReport check(ModelName name, VersionNumber number, Stage stage) {
    return stages
        .basis(name, number, stage)
        .map(this::run)
        .orElseGet(() -> new CheckReport(name, number, List.of()));
  }

  /** Makes a transition request, as {@link TransitionRequestStore#create} does. */
  public TransitionRequest request(
      NewTransitionRequest wanted, Optional<IdempotencyKey> key, Caller caller) {
    requests.expireDue(wanted);
    Optional<CheckReport> report = requests.basis(wanted, key).map(this::run);
    return requests.create(new TransitionRequestId(ids.get()), wanted, key, report, caller);
  }

  /**
   * Approves a request, as {@link TransitionRequestStore#approve} does, after running the checks of
   * the stage if it is the last approval.
   *
   * @throws CallEndedException if the caller left, or its deadline passed, while the checks ran
   * @throws ChecksOutdatedException if policy or stage changed again and again meanwhile
   */
  public TransitionRequest approve(TransitionRequestId id, String comment, Caller caller) {
    return checked(
        () -> requests.approvalBasis(id, caller),
        basis -> requests.approve(id, comment, basis, caller));
  }

  /** Closes requests whose time is up; never throws. */
  public void expireRequests() {
    try {
      var unused = requests.expireDue(EXPIRE_PAGE);
    } catch (RuntimeException e) {
      log.warn("transition requests cannot be expired now; trying again", e);
    }
  }

  private <T> T checked(
      Supplier<Optional<CheckBasis>> basis, Function<Optional<CheckedBasis>, T> move) {
    for (int attempt = 1; ; attempt++) {
      Optional<CheckedBasis> checked = basis.get().map(seen -> new CheckedBasis(seen, run(seen)));
      CallContext.requireWaiting();
      try {
        return move.apply(checked);
      } catch (ChecksOutdatedException e) {
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private CheckReport run(CheckBasis basis) {
    return checks.run(basis.checks(), basis.version(), basis.predecessor());
  }
}
