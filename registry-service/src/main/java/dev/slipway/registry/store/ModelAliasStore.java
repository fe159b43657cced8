package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.AliasProtectedException;
import dev.slipway.registry.model.ModelAlias;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;

/**
 * Keeps aliases. Every change is one command: atomic, with its event, durable on return.
 * Thread-safe.
 */
public final class ModelAliasStore {
  private final RegistryTransactions transactions;

  /** Creates the store. */
  public ModelAliasStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Is what setting an alias did.
   *
   * @param previous version that it pointed to before
   * @param revision revision of the registry after the call
   */
  public record AliasSet(ModelAlias alias, Optional<VersionNumber> previous, long revision) {}

  /**
   * Points an alias to a version.
   *
   * @param protection absent: the protection stays; present and empty: it is lifted; else the role
   *     that protects it
   * @throws AliasProtectedException if the caller lacks the role that protects it, or is to protect
   *     it
   * @throws TooManyException if the model would have more than {@value RegisteredModel#MAX_ALIASES}
   */
  public AliasSet set(
      ModelName name,
      AliasName alias,
      VersionNumber number,
      Optional<String> protection,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          ModelVersion before = command.reader().brief(model, number);
          List<ModelAlias> existing = command.reader().aliases(model.modelId());
          Optional<ModelAlias> old = find(existing, alias);
          old.ifPresent(o -> o.requireMovableBy(caller));
          ModelAlias wanted =
              new ModelAlias(
                  alias,
                  number,
                  protection.isPresent()
                      ? protection.filter(role -> !role.isEmpty())
                      : old.flatMap(ModelAlias::protectedByRole));
          wanted.requireMovableBy(caller);
          Optional<VersionNumber> previous = old.map(ModelAlias::version);
          if (old.equals(Optional.of(wanted))) {
            return new AliasSet(wanted, previous, command.revisionAfter());
          }
          if (old.isEmpty() && existing.size() >= RegisteredModel.MAX_ALIASES) {
            throw new TooManyException(
                "aliases", "registered model " + name, RegisteredModel.MAX_ALIASES);
          }
          Optional<ModelVersion> leftBefore =
              previous
                  .filter(version -> !version.equals(number))
                  .map(version -> command.reader().brief(model, version));
          replace(command, model, wanted);
          leftBefore.ifPresent(left -> command.touchVersion(model.modelId(), left.number()));
          command.touchVersion(model.modelId(), number);
          command.record(
              RegistryEventType.ALIAS_SET,
              model.modelId(),
              RegistryChange.of(before, command.reader().brief(model, number)),
              leftBefore.stream()
                  .map(
                      left -> RegistryChange.of(left, command.reader().brief(model, left.number())))
                  .toList(),
              "");
          return new AliasSet(wanted, previous, command.revisionAfter());
        });
  }

  /**
   * Deletes an alias, if it is there.
   *
   * @throws AliasProtectedException if the caller lacks the role that protects it
   */
  public void delete(ModelName name, AliasName alias, Caller caller) {
    transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          Optional<ModelAlias> old = find(command.reader().aliases(model.modelId()), alias);
          if (old.isEmpty()) {
            return false;
          }
          old.get().requireMovableBy(caller);
          ModelVersion before = command.reader().brief(model, old.get().version());
          command.dao(ModelAliasDao.class).delete(model.modelId(), alias.value());
          command.touchVersion(model.modelId(), before.number());
          command.record(
              RegistryEventType.ALIAS_DELETED,
              model.modelId(),
              RegistryChange.of(before, command.reader().brief(model, before.number())));
          return true;
        });
  }

  private static Optional<ModelAlias> find(List<ModelAlias> aliases, AliasName alias) {
    return aliases.stream().filter(candidate -> candidate.alias().equals(alias)).findFirst();
  }

  private static void replace(RegistryCommand command, RegisteredModelRow model, ModelAlias alias) {
    ModelAliasDao dao = command.dao(ModelAliasDao.class);
    dao.delete(model.modelId(), alias.alias().value());
    dao.insert(
        new ModelAliasDao.AliasRow(
            model.modelId(),
            alias.alias().value(),
            alias.version().value(),
            alias.protectedByRole().orElse("")));
  }
}
