package dev.slipway.serving.rpc;

import static dev.slipway.serving.rpc.Replies.complete;
import static dev.slipway.serving.rpc.Replies.reply;

import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.model.RulesInForce;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.model.VersionValidator;
import dev.slipway.serving.traffic.TrafficMeter;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import dev.slipway.serving.traffic.TrafficMeters;
import dev.slipway.serving.upstream.SelectorMessages;
import dev.slipway.serving.upstream.TrafficRuleMessages;
import dev.slipway.serving.upstream.TrafficRuleStore;
import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import dev.slipway.serving.v1.DeleteTrafficRuleResponse;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleResponse;
import dev.slipway.serving.v1.ListTrafficRulesRequest;
import dev.slipway.serving.v1.ListTrafficRulesResponse;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.TrafficFigures;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Answers the RPCs about traffic rules. Thread-safe. */
public final class TrafficRules {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;

  private final Catalog catalog;
  private final RulesInForce rules;
  private final TrafficRuleStore store;
  private final TrafficMeters meters;
  private final VersionValidator validator;
  private final Clock clock;

  /** Creates it. */
  public TrafficRules(
      Catalog catalog,
      RulesInForce rules,
      TrafficRuleStore store,
      TrafficMeters meters,
      VersionValidator validator,
      Clock clock) {
    this.catalog = catalog;
    this.rules = rules;
    this.store = store;
    this.meters = meters;
    this.validator = validator;
    this.clock = clock;
  }

  void set(SetTrafficRuleRequest request, StreamObserver<dev.slipway.serving.v1.TrafficRule> out) {
    dev.slipway.serving.v1.TrafficRule message = request.getRule();
    Violations violations = new Violations();
    violations.required("rule.model", message.getModel());
    Stage stage = SelectorMessages.servedStage("rule.stage", message.getStage(), violations);
    if (message.getRevision() < 0) {
      violations.add("rule.revision", "must be at least 0");
    }
    TrafficRule rule =
        TrafficRuleMessages.read(
            message.toBuilder()
                .clearRevision()
                .clearUpdateTime()
                .clearState()
                .clearStateReason()
                .build(),
            stage,
            "rule",
            violations);
    if (rule.isExpired(clock.instant())) {
      violations.add("rule.expire_time", "must be in the future");
    }
    violations.throwIfAny();
    CatalogModel model = catalog.get(message.getModel());
    requireVersions(model, rule);
    complete(
        requireCompatible(model, stage, rule)
            .thenCompose(fit -> store.set(model.name(), stage, rule, message.getRevision())),
        out,
        kept -> TrafficRuleMessages.write(model.name(), stage, kept, clock.instant()));
  }

  /** Checks that what a rule names exists now; what an alias or a stage points to may change. */
  private static void requireVersions(CatalogModel model, TrafficRule rule) {
    rule.canary().ifPresent(canary -> model.get(canary.selector()));
    rule.shadow().ifPresent(shadow -> model.get(shadow.selector()));
    rule.pin().ifPresent(pin -> model.get(new Selector.Numbered(pin.version())));
  }

  private CompletableFuture<Void> requireCompatible(
      CatalogModel model, Stage stage, TrafficRule rule) {
    Optional<CatalogVersion> champion = model.find(stage);
    Optional<CatalogVersion> canary =
        rule.canary().map(canaryOfRule -> model.get(canaryOfRule.selector()));
    if (champion.isEmpty() || canary.isEmpty() || champion.get().key().equals(canary.get().key())) {
      return CompletableFuture.completedFuture(null);
    }
    return validator
        .incompatibilities(champion.get(), canary.get())
        .thenAccept(
            found -> {
              if (found.isPresent()) {
                throw new SignatureIncompatibleException(
                    canary.get().key(), champion.get().key(), found.get());
              }
            });
  }

  void get(GetTrafficRuleRequest request, StreamObserver<GetTrafficRuleResponse> out) {
    Violations violations = new Violations();
    violations.required("model", request.getModel());
    Stage stage = SelectorMessages.servedStage("stage", request.getStage(), violations);
    violations.throwIfAny();
    RuleKey key = new RuleKey(catalog.get(request.getModel()).name(), stage);
    TrafficRule rule = rules.known(key).orElseThrow(() -> new TrafficRuleNotFoundException(key));
    GetTrafficRuleResponse.Builder response =
        GetTrafficRuleResponse.newBuilder()
            .setRule(TrafficRuleMessages.write(key.model(), stage, rule, clock.instant()));
    meters
        .find(key)
        .filter(meter -> rule.isAborted() || meter.rule().revision() == rule.revision())
        .ifPresent(meter -> response.setFigures(figures(meter)));
    reply(out, response.build());
  }

  private static TrafficFigures figures(TrafficMeter meter) {
    TrafficMeter.Total primary = meter.total(Side.PRIMARY);
    TrafficMeter.Total canary = meter.total(Side.CANARY);
    TrafficMeter.Total shadow = meter.total(Side.SHADOW);
    long dropped = meter.droppedTotal();
    return TrafficFigures.newBuilder()
        .setPrimaryRequests(primary.requests())
        .setPrimaryErrors(primary.errors())
        .setCanaryRequests(canary.requests())
        .setCanaryErrors(canary.errors())
        .setShadowRequests(meter.copiedTotal())
        .setShadowErrors(shadow.errors() + dropped)
        .setShadowDrops(dropped)
        .setShadowComparisons(meter.total(Side.COMPARISON).requests())
        .setShadowMismatches(meter.total(Side.COMPARISON).errors())
        .build();
  }

  /** Finds the rule of a stage for DescribeModel. */
  Optional<dev.slipway.serving.v1.TrafficRule> find(String model, Stage stage) {
    return rules
        .known(new RuleKey(model, stage))
        .map(rule -> TrafficRuleMessages.write(model, stage, rule, clock.instant()));
  }

  void list(ListTrafficRulesRequest request, StreamObserver<ListTrafficRulesResponse> out) {
    Violations violations = new Violations();
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_PAGE,
            MAX_PAGE,
            request.getModel(),
            violations);
    violations.throwIfAny();
    String after = page.after(keys -> keys.get(0)).orElse("");
    ListTrafficRulesResponse.Builder response = ListTrafficRulesResponse.newBuilder();
    for (RuleKey key : keys(request.getModel())) {
      Optional<TrafficRule> rule = rules.known(key);
      if (rule.isEmpty() || position(key).compareTo(after) <= 0) {
        continue;
      }
      if (response.getRulesCount() == page.size()) {
        dev.slipway.serving.v1.TrafficRule last = response.getRules(page.size() - 1);
        Stage stage = SelectorMessages.servedStage("", last.getStage(), violations);
        response.setNextPageToken(
            PageToken.encode(
                request.getModel(), List.of(position(new RuleKey(last.getModel(), stage)))));
        break;
      }
      response.addRules(
          TrafficRuleMessages.write(key.model(), key.stage(), rule.get(), clock.instant()));
    }
    reply(out, response.build());
  }

  private List<RuleKey> keys(String model) {
    List<RuleKey> keys = new ArrayList<>();
    for (CatalogModel known : catalog.modelsWithRules()) {
      if (model.isEmpty() || known.name().equals(model)) {
        known
            .policy()
            .rules()
            .keySet()
            .forEach(stage -> keys.add(new RuleKey(known.name(), stage)));
      }
    }
    keys.sort(Comparator.comparing(TrafficRules::position));
    return keys;
  }

  /** Orders by name, then stage; no name holds the character between. */
  private static String position(RuleKey key) {
    return key.model() + "/" + key.stage().text();
  }

  void delete(DeleteTrafficRuleRequest request, StreamObserver<DeleteTrafficRuleResponse> out) {
    Violations violations = new Violations();
    violations.required("model", request.getModel());
    Stage stage = SelectorMessages.servedStage("stage", request.getStage(), violations);
    if (request.getRevision() < 0) {
      violations.add("revision", "must be at least 0");
    }
    violations.throwIfAny();
    String model = catalog.get(request.getModel()).name();
    complete(
        store.delete(model, stage, request.getRevision()),
        out,
        before -> DeleteTrafficRuleResponse.newBuilder().setDeleted(before.isPresent()).build());
  }
}
