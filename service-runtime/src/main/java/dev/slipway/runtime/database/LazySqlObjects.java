package dev.slipway.runtime.database;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jdbi.v3.core.extension.ExtensionFactory;
import org.jdbi.v3.core.extension.ExtensionMetadata;
import org.jdbi.v3.core.extension.ExtensionMetadata.ExtensionHandlerInvoker;
import org.jdbi.v3.core.extension.Extensions;
import org.jdbi.v3.core.extension.HandleSupplier;
import org.jdbi.v3.sqlobject.SqlObjectFactory;

/**
 * Attaches SQL objects to handles in little time. JDBI by itself reads the annotations of a type
 * again for every handle and prepares all methods of a SQL object when it is attached, which for
 * one with forty methods takes longer than the statements that a transaction calls. This reads a
 * type once and prepares a method when it is first called. Thread-safe; a SQL object is as little
 * so as its handle.
 */
final class LazySqlObjects implements ExtensionFactory {
  private final ExtensionFactory sqlObjects;
  private final Map<Class<?>, ExtensionMetadata> types = new ConcurrentHashMap<>();

  private LazySqlObjects(ExtensionFactory sqlObjects) {
    this.sqlObjects = sqlObjects;
  }

  /** Takes the place of the SQL object plugin's own factory, which must be installed. */
  static void install(Jdbi jdbi) {
    Extensions extensions = jdbi.getConfig(Extensions.class);
    extensions.register(
        new LazySqlObjects(extensions.findFactory(SqlObjectFactory.class).orElseThrow()));
  }

  @Override
  public boolean accepts(Class<?> type) {
    return sqlObjects.accepts(type);
  }

  @Override
  public Set<FactoryFlag> getFactoryFlags() {
    return Set.of(FactoryFlag.DONT_USE_PROXY);
  }

  @Override
  public <E> E attach(Class<E> type, HandleSupplier handles) {
    ConfigRegistry config = handles.getConfig();
    ExtensionMetadata metadata =
        types.computeIfAbsent(
            type, absent -> config.get(Extensions.class).findMetadata(absent, sqlObjects));
    Object proxy =
        Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, new Methods(metadata, handles, config));
    return type.cast(proxy);
  }

  /** The methods of one SQL object. */
  private static final class Methods implements InvocationHandler {
    private final ExtensionMetadata metadata;
    private final HandleSupplier handles;
    private final ConfigRegistry config;
    private final Map<Method, ExtensionHandlerInvoker> prepared = new HashMap<>();

    Methods(ExtensionMetadata metadata, HandleSupplier handles, ConfigRegistry config) {
      this.metadata = metadata;
      this.handles = handles;
      this.config = metadata.createInstanceConfiguration(config);
    }

    @Override
    public Object invoke(Object proxy, Method method, Object[] arguments) {
      if (method.getDeclaringClass() == Object.class) {
        return switch (method.getName()) {
          case "equals" -> proxy == arguments[0];
          case "hashCode" -> System.identityHashCode(proxy);
          default -> metadata.extensionType().getName();
        };
      }
      return prepared
          .computeIfAbsent(
              method,
              absent -> metadata.createExtensionHandlerInvoker(proxy, absent, handles, config))
          .invoke(arguments);
    }
  }
}
