package io.fairlead.provider;

import java.io.IOException;
import java.net.URL;
import java.util.Enumeration;
import org.jspecify.annotations.Nullable;

/**
 * The class loaders by which classes, services and resources of the application are found: the thread's context class
 * loader, then the library's own.
 *
 * <p>Either alone is not enough: the threads of the common pool have a context class loader that sees nothing of an
 * executable jar, and in application servers and development modes the library's own sees nothing of the application.
 */
public final class ClassLoaders {
  private ClassLoaders() {}

  /**
   * {@return a class loader for the current thread}
   *
   * <p>A context class loader that has another copy of the library is skipped: its classes would not be compatible.
   *
   * @param library a class of the library
   */
  public static ClassLoader ofThread(Class<?> library) {
    return of(Thread.currentThread().getContextClassLoader(), library);
  }

  private static ClassLoader of(@Nullable ClassLoader context, Class<?> library) {
    ClassLoader own = library.getClassLoader();
    if (context == null || hasAnother(context, library)) {
      return own;
    }
    for (ClassLoader each = context; each != null; each = each.getParent()) {
      if (each == own) {
        return context;
      }
    }
    return new Joined(context, own);
  }

  private static boolean hasAnother(ClassLoader context, Class<?> library) {
    try {
      return context.loadClass(library.getName()) != library;
    } catch (ClassNotFoundException | LinkageError e) {
      return false;
    }
  }

  /** A class loader that searches one class loader, then another. */
  private static final class Joined extends ClassLoader {
    static {
      registerAsParallelCapable();
    }

    private final ClassLoader second;

    Joined(ClassLoader first, ClassLoader second) {
      super(first);
      this.second = second;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      return second.loadClass(name);
    }

    @Override
    protected @Nullable URL findResource(String name) {
      return second.getResource(name);
    }

    @Override
    protected Enumeration<URL> findResources(String name) throws IOException {
      return second.getResources(name);
    }

    @Override
    public String toString() {
      return getParent() + " and " + second;
    }
  }
}
