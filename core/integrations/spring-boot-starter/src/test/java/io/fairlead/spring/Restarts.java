package io.fairlead.spring;

import io.fairlead.engine.ModelHandler;
import io.fairlead.grammar.Endpoint;
import io.fairlead.platform.EndpointPlatform;
import io.fairlead.platform.Request;
import io.fairlead.platform.Response;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.function.Consumer;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.DefaultResourceLoader;

/**
 * A JVM in which an application is started twice, as DevTools does when a class has changed: its own classes are loaded
 * anew by another class loader, and those of libraries stay.
 *
 * <p>It prints a line for each thing that is as it should be.
 */
final class Restarts {
  private static final int ROUNDS = 100;

  private Restarts() {}

  public static void main(String[] args) throws Exception {
    // Spring Boot keeps the class loader of the first application that binds such properties.
    in(
        new ApplicationClassLoader(),
        context -> Binder.get(context.getEnvironment())
            .bind("any", Bindable.mapOf(String.class, Object.class)),
        "--any.property.of.several=1");
    ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
    WeakReference<ClassLoader> first = new WeakReference<>(ask(args[0]), collected);
    WeakReference<ClassLoader> second = new WeakReference<>(ask(args[0]), collected);
    for (int i = 0; i < ROUNDS && !(first.refersTo(null) && second.refersTo(null)); i++) {
      System.gc();
      collected.remove(100);
    }
    System.out.println("collected: " + first.refersTo(null) + ", " + second.refersTo(null));
    System.exit(0);
  }

  /** {@return the class loader of an application whose models were asked, and that is closed} */
  private static ClassLoader ask(String iris) throws Exception {
    ClassLoader loader = new ApplicationClassLoader();
    in(
        loader,
        context -> {
          EndpointPlatform local = context.getBean(EndpointPlatform.class);
          String own = local
              .invoke(context.getBean("own", Endpoint.class), Request.json("1"))
              .text();
          String predictions = local
              .invoke(
                  context.getBean("iris", Endpoint.class),
                  Request.json("{\"instances\": [[5.1, 3.5, 1.4, 0.2]]}"))
              .text();
          System.out.println(
              "found anew: " + own.equals(String.valueOf(System.identityHashCode(loader))));
          System.out.println("native: " + predictions.contains("predictions"));
        },
        "--fairlead.platforms.local.id=local",
        "--fairlead.endpoints.own.model=java:" + Own.class.getName(),
        "--fairlead.endpoints.own.deploy-at-start=true",
        "--fairlead.endpoints.iris.model=" + iris,
        "--fairlead.endpoints.iris.deploy-at-start=true");
    return loader;
  }

  /** Starts the application in a class loader, and closes it. */
  private static void in(
      ClassLoader loader, Consumer<ConfigurableApplicationContext> use, String... properties)
      throws Exception {
    ClassLoader before = Thread.currentThread().getContextClassLoader();
    Thread.currentThread().setContextClassLoader(loader);
    try {
      SpringApplication app = new SpringApplication(
          new DefaultResourceLoader(loader), loader.loadClass(App.class.getName()));
      app.setWebApplicationType(WebApplicationType.NONE);
      app.setBannerMode(Banner.Mode.OFF);
      app.setRegisterShutdownHook(false);
      try (ConfigurableApplicationContext context = app.run(properties)) {
        use.accept(context);
      }
    } finally {
      Thread.currentThread().setContextClassLoader(before);
    }
  }

  /** Loads the application's own classes itself, and leaves all others to its parent. */
  private static final class ApplicationClassLoader extends ClassLoader {
    ApplicationClassLoader() {
      super(Restarts.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.equals(App.class.getName()) && !name.equals(Own.class.getName())) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? define(name) : loaded;
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] bytes = file.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  /** The application. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  public static class App {}

  /** A model of the application, which answers with its class loader. */
  public static final class Own implements ModelHandler {
    @Override
    public Response handle(Request request) {
      return Response.json(String.valueOf(System.identityHashCode(getClass().getClassLoader())));
    }
  }
}
