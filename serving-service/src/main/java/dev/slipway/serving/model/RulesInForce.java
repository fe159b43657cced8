package dev.slipway.serving.model;

import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The traffic rules that are to be followed now: those of the registry that are neither past their
 * time nor withdrawn, here or there. Thread-safe; asked anew for every request.
 */
public final class RulesInForce {
  private final Catalog catalog;
  private final Clock clock;

  /** Rules that this server has withdrawn and the registry may not know of yet. */
  private final Map<RuleKey, Withdrawal> withdrawn = new ConcurrentHashMap<>();

  /** Creates it; nothing is withdrawn. */
  public RulesInForce(Catalog catalog, Clock clock) {
    this.catalog = catalog;
    this.clock = clock;
  }

  /**
   * Names a rule: there is at most one per model and stage.
   *
   * @param model registered model name
   * @param stage Staging or Production
   */
  public record RuleKey(String model, Stage stage) {}

  /**
   * A rule that this server has withdrawn.
   *
   * @param revision the rule's when it was
   * @param reason why
   */
  public record Withdrawal(long revision, String reason) {}

  /** Finds the rule that the registry has for a stage, followed or not. */
  public Optional<TrafficRule> known(RuleKey key) {
    return catalog
        .find(key.model())
        .flatMap(model -> Optional.ofNullable(model.policy().rules().get(key.stage())))
        .map(rule -> withdrawn(key, rule));
  }

  /** Finds the rule to follow for a stage. */
  public Optional<TrafficRule> find(CatalogModel model, Stage stage) {
    TrafficRule rule = model.policy().rules().get(stage);
    return rule == null
            || rule.isAborted()
            || rule.isExpired(clock.instant())
            || withdrawn(new RuleKey(model.name(), stage), rule).isAborted()
        ? Optional.empty()
        : Optional.of(rule);
  }

  private TrafficRule withdrawn(RuleKey key, TrafficRule rule) {
    Withdrawal withdrawal = withdrawn.get(key);
    return withdrawal == null || withdrawal.revision() != rule.revision()
        ? rule
        : rule.aborted(withdrawal.reason());
  }

  /** Follows a rule no more, whatever the registry says, unless it has changed since. */
  public void withdraw(RuleKey key, Withdrawal withdrawal) {
    withdrawn.put(key, withdrawal);
  }

  /** Returns what was withdrawn here that the registry does not know of yet; forgets the rest. */
  public Map<RuleKey, Withdrawal> unwritten() {
    if (!catalog.isKnown()) {
      // What the server before this one withdrew.
      return Map.copyOf(withdrawn);
    }
    withdrawn
        .entrySet()
        .removeIf(
            entry ->
                catalog
                    .find(entry.getKey().model())
                    .map(model -> model.policy().rules().get(entry.getKey().stage()))
                    .filter(rule -> rule.revision() == entry.getValue().revision())
                    .isEmpty());
    return Map.copyOf(withdrawn);
  }
}
