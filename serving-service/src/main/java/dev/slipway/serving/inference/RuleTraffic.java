package dev.slipway.serving.inference;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.inference.InferenceService.Receiver;
import dev.slipway.serving.model.Route;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.StageRouter.Target;
import dev.slipway.serving.traffic.TrafficMeter;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import dev.slipway.serving.traffic.TrafficMeters;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the requests that a traffic rule is for, and passes copies on to its shadow. */
final class RuleTraffic {
  private static final Logger log = LoggerFactory.getLogger(RuleTraffic.class);

  private static final Set<ErrorKind> NOT_OF_SERVER =
      EnumSet.of(ErrorKind.CANCELLED, ErrorKind.DEADLINE_EXCEEDED, ErrorKind.RESOURCE_EXHAUSTED);

  private final TrafficMeters meters;
  private final ShadowCopies copies;

  RuleTraffic(TrafficMeters meters, ShadowCopies copies) {
    this.meters = meters;
    this.copies = copies;
  }

  /**
   * Returns who takes a request's outcome in the place of its caller, and passes it on.
   *
   * @param arrived {@link System#nanoTime} at which the request arrived
   */
  Receiver observe(Target target, InferenceRequest request, Receiver caller, long arrived) {
    if (target.rule().isEmpty()) {
      return caller;
    }
    TrafficRule rule = target.rule().get();
    RuleKey key = key(target, request);
    TrafficMeter meter = meters.of(key, rule);
    Side side = target.route() == Route.CANARY ? Side.CANARY : Side.PRIMARY;
    // Faults of single rows are gathered once, and what they leave is another request.
    Optional<Shadow> shadow =
        side == Side.PRIMARY && request.rowFaults().isEmpty() ? rule.shadow() : Optional.empty();
    return new Receiver() {
      @Override
      public void answered(InferenceResult result) {
        // Before it is handed over, so that a caller who asks for figures finds its own request.
        if (result.cacheHit()) {
          meter.answeredFromCache(side, result.rows());
        } else {
          meter.answered(side, result.rows(), System.nanoTime() - arrived);
        }
        Optional<Shadow> taken = shadow.filter(other -> copies.takes(key, other, target.version()));
        taken.ifPresent(other -> meter.copied());
        caller.answered(result);
        taken.ifPresent(other -> copy(other, result));
      }

      private void copy(Shadow other, InferenceResult result) {
        try {
          copies.offer(key, other, request, result.outputs(), meter);
        } catch (RuntimeException e) {
          // The caller has its answer.
          log.error("a request for {} was not copied", key, e);
          meter.dropped();
        }
      }

      @Override
      public void failed(RuntimeException failure) {
        if (isOfServer(failure)) {
          meter.failed(side);
        }
        caller.failed(failure);
      }
    };
  }

  private TrafficMeter meter(Target target, InferenceRequest request) {
    return meters.of(key(target, request), target.rule().orElseThrow());
  }

  private static RuleKey key(Target target, InferenceRequest request) {
    return new RuleKey(request.model(), ((Selector.InStage) target.asked()).stage());
  }

  /** Counts a request that the canary refused as malformed and the stage's version takes. */
  void refusedByCanary(Target canary, InferenceRequest request) {
    meter(canary, request).failed(Side.CANARY);
  }

  /**
   * Tells whether a failure is the version's or the server's: not the request's, not its caller's,
   * who gave up, and not that more was asked than can be answered.
   */
  static boolean isOfServer(RuntimeException failure) {
    return !(failure instanceof InvalidRequestException)
        && !(failure instanceof ServiceException known && NOT_OF_SERVER.contains(known.kind()));
  }
}
