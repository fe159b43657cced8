package dev.slipway.serving.traffic;

import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.RulesInForce;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.RulesInForce.Withdrawal;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.StageRouter.Part;
import dev.slipway.serving.traffic.TrafficMeter.Versions;
import dev.slipway.serving.upstream.RunMetrics;
import dev.slipway.serving.upstream.TrafficRuleStore;
import java.time.Clock;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to traffic rules from time to time: that those that ended by themselves are no longer
 * followed, that challengers are loaded, that those that do too badly are withdrawn, here at once
 * and in the registry as soon as it can be reached, and that figures are logged. Used by one thread
 * at a time.
 */
public final class TrafficControl {
  private static final Logger log = LoggerFactory.getLogger(TrafficControl.class);

  private final Catalog catalog;
  private final RulesInForce rules;
  private final StageRouter router;
  private final TrafficMeters meters;
  private final TrafficRuleStore store;
  private final TrafficReporter reporter;
  private final AtomicLong aborts = new AtomicLong();

  /** Models with rules that were followed when it last looked. */
  private Set<String> followed = Set.of();

  /** Withdrawals that are being written to the registry. */
  private final Set<RuleKey> writing = ConcurrentHashMap.newKeySet();

  /** Creates it; nothing happens before {@link #look}. */
  public TrafficControl(
      Catalog catalog,
      RulesInForce rules,
      StageRouter router,
      TrafficMeters meters,
      TrafficRuleStore store,
      RunMetrics runs,
      Clock clock) {
    this.catalog = catalog;
    this.rules = rules;
    this.router = router;
    this.meters = meters;
    this.store = store;
    this.reporter = new TrafficReporter(runs, clock);
  }

  /** Returns how many rules this server has withdrawn since it was started. */
  public long aborts() {
    return aborts.get();
  }

  /** Looks at all rules; to be called about twice a second. */
  public void look() {
    Set<RuleKey> known = new HashSet<>();
    Map<RuleKey, TrafficMeter> now = new HashMap<>();
    for (CatalogModel model : catalog.modelsWithRules()) {
      for (Stage stage : model.policy().rules().keySet()) {
        RuleKey key = new RuleKey(model.name(), stage);
        known.add(key);
        rules
            .find(model, stage)
            .map(rule -> meters.of(key, rule))
            .ifPresent(meter -> now.put(key, meter));
      }
    }
    now.entrySet().removeIf(entry -> isWithdrawn(entry.getKey(), entry.getValue()));
    follow(now.keySet());
    reporter.report(now, meters.all(), reasons(known));
    meters.retain(known);
    rules.unwritten().forEach(this::write);
  }

  /** Compares champion and challenger, and withdraws the rule if that does too badly. */
  private boolean isWithdrawn(RuleKey key, TrafficMeter meter) {
    Versions versions = versions(key);
    meter.compare(versions);
    Optional<String> reason = versions.differ() ? AbortJudge.reason(meter) : Optional.empty();
    if (reason.isEmpty()) {
      return false;
    }
    log.warn(
        "the traffic rule of {} {} is withdrawn: {}",
        key.model(),
        key.stage().text(),
        reason.get());
    aborts.incrementAndGet();
    rules.withdraw(key, new Withdrawal(meter.rule().revision(), reason.get()));
    return true;
  }

  private Versions versions(RuleKey key) {
    return new Versions(
        version(key, Part.HOLDER), version(key, Part.CANARY), version(key, Part.SHADOW));
  }

  private Optional<VersionKey> version(RuleKey key, Part part) {
    return router.answering(key.model(), key.stage(), part).map(CatalogVersion::key);
  }

  private void follow(Set<RuleKey> now) {
    Set<String> models = new HashSet<>();
    now.forEach(key -> models.add(key.model()));
    Set<String> touched = new HashSet<>(models);
    touched.addAll(followed);
    followed = models;
    if (!touched.isEmpty()) {
      router.rulesChanged(touched);
    }
  }

  private Map<RuleKey, String> reasons(Set<RuleKey> known) {
    Map<RuleKey, String> reasons = new HashMap<>();
    for (RuleKey key : known) {
      rules
          .known(key)
          .filter(TrafficRule::isAborted)
          .ifPresent(rule -> reasons.put(key, rule.abortReason()));
    }
    return reasons;
  }

  private void write(RuleKey key, Withdrawal withdrawal) {
    if (!writing.add(key)) {
      return;
    }
    CompletableFuture<Void> unused =
        store
            .abort(key.model(), key.stage(), withdrawal.revision(), withdrawal.reason())
            .whenComplete(
                (done, failure) -> {
                  writing.remove(key);
                  if (failure != null) {
                    log.debug("the registry does not know yet that {} is withdrawn", key, failure);
                  }
                });
  }
}
