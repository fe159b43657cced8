package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.policy.StagePolicyNotFoundException;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Keeps stage policies. Every change is one command: atomic, with its event, durable on return.
 * Thread-safe.
 *
 * <p>An absent name means the policy of all models that have none of their own for the stage.
 */
public final class StagePolicyStore {
  /** The order in which policies of one model are listed; the query says the same. */
  private static final List<Stage> STAGES = List.of(Stage.values());

  private final RegistryTransactions transactions;
  private final List<String> administrators;

  /**
   * Creates the store.
   *
   * @param administrators roles that may change policies; empty: everybody
   */
  public StagePolicyStore(RegistryTransactions transactions, List<String> administrators) {
    this.transactions = transactions;
    this.administrators = List.copyOf(administrators);
  }

  /**
   * Sets a policy, in place of the one that was set for the same models and stage.
   *
   * @throws RegisteredModelNotFoundException if there is no such model
   * @throws RoleRequiredException if the caller may not change policies
   * @throws StageOccupiedException if the policy allows one version and several are in the stage
   */
  public StagePolicy set(Optional<ModelName> name, Stage stage, PolicyRules rules, Caller caller) {
    requireAdministrator(caller);
    return transactions.command(
        caller,
        command -> {
          OptionalLong modelId =
              name.isEmpty()
                  ? OptionalLong.empty()
                  : OptionalLong.of(command.reader().modelRow(name.get()).modelId());
          StageReader stages = command.stages();
          Optional<StagePolicy> before = stages.policySetFor(modelId, stage);
          if (before.isPresent() && before.get().rules().equals(rules)) {
            return before.get();
          }
          StagePolicy after =
              new StagePolicy(name, stage, rules, command.now(), caller.name(), command.revision());
          stages.requireRoom(modelId, stage, rules);
          StagePolicyDao policies = command.dao(StagePolicyDao.class);
          policies.delete(modelId.orElse(0), stage.name());
          policies.insert(StageReader.row(modelId, after));
          command.record(
              RegistryEventType.STAGE_POLICY_SET,
              modelId,
              new RegistryChange(
                  before.map(RegistryState.OfPolicy::new),
                  Optional.of(new RegistryState.OfPolicy(after))),
              List.of(),
              "",
              false);
          return after;
        });
  }

  /**
   * Reads the policy that governs a stage of a model, its own or else that of all.
   *
   * @throws RegisteredModelNotFoundException if there is no such model
   * @throws StagePolicyNotFoundException if there is no policy
   */
  public StagePolicy get(Optional<ModelName> name, Stage stage) {
    return transactions.read(
        handle -> {
          RegistryReader models = new RegistryReader(handle);
          StageReader stages = new StageReader(handle);
          return name.map(model -> stages.policy(models.modelRow(model).modelId(), stage))
              .orElseGet(() -> stages.policySetFor(OptionalLong.empty(), stage))
              .orElseThrow(() -> new StagePolicyNotFoundException(name, stage));
        });
  }

  /**
   * Lists policies: those of all models first, then by name of the model, then by stage.
   *
   * @param only a model to which the list is narrowed, beside the policies of all
   */
  public Page<StagePolicy> list(Optional<ModelName> only, PageRequest page) {
    return transactions.search(
        handle ->
            BoundedPages.read(
                page,
                slice -> {
                  Key after = slice.after(Key::of).orElse(Key.FIRST);
                  return Page.of(
                      handle
                          .attach(StagePolicyDao.class)
                          .listAfter(
                              after.name(),
                              after.place(),
                              only.map(ModelName::value).orElse(""),
                              slice.size() + 1)
                          .stream()
                          .map(StageReader::policy)
                          .toList(),
                      slice,
                      Key::keys);
                },
                StagePolicy::weight,
                Key::keys));
  }

  /**
   * Deletes the policy that was set for exactly this model, or for all.
   *
   * @throws StagePolicyNotFoundException if there is none
   * @throws RoleRequiredException if the caller may not change policies
   * @throws StageOccupiedException if without it the stage has room for one version and several are
   *     in it
   */
  public void delete(Optional<ModelName> name, Stage stage, Caller caller) {
    requireAdministrator(caller);
    transactions.command(
        caller,
        command -> {
          StageReader stages = command.stages();
          StagePolicyNotFoundException absent = new StagePolicyNotFoundException(name, stage);
          OptionalLong modelId =
              name.isEmpty()
                  ? OptionalLong.empty()
                  : OptionalLong.of(
                      command
                          .dao(RegisteredModelDao.class)
                          .findByName(name.get().value())
                          .orElseThrow(() -> absent)
                          .modelId());
          StagePolicy before = stages.policySetFor(modelId, stage).orElseThrow(() -> absent);
          PolicyRules left =
              modelId.isEmpty()
                  ? PolicyRules.NONE
                  : stages
                      .policySetFor(OptionalLong.empty(), stage)
                      .map(StagePolicy::rules)
                      .orElse(PolicyRules.NONE);
          stages.requireRoom(modelId, stage, left);
          command.dao(StagePolicyDao.class).delete(modelId.orElse(0), stage.name());
          command.record(
              RegistryEventType.STAGE_POLICY_DELETED,
              modelId,
              new RegistryChange(Optional.of(new RegistryState.OfPolicy(before)), Optional.empty()),
              List.of(),
              "",
              false);
          return true;
        });
  }

  private void requireAdministrator(Caller caller) {
    if (!administrators.isEmpty() && !caller.hasOneOf(administrators)) {
      throw new RoleRequiredException("changing stage policies", administrators);
    }
  }

  /** Is where a page ends. */
  private record Key(String name, int place) {
    static final Key FIRST = new Key("", -1);

    static Key of(List<String> keys) {
      return new Key(keys.get(0), Integer.parseInt(keys.get(1)));
    }

    static List<String> keys(StagePolicy policy) {
      return List.of(
          policy.name().map(ModelName::value).orElse(""),
          Integer.toString(STAGES.indexOf(policy.stage())));
    }
  }
}
