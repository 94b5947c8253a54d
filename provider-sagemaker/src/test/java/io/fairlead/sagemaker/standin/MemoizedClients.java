package io.fairlead.sagemaker.standin;

import io.fairlead.contract.Faults;
import io.fairlead.sagemaker.standin.Memo.Caller;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.AwsRequest;
import software.amazon.awssdk.awscore.AwsResponse;
import software.amazon.awssdk.core.SdkClient;
import software.amazon.awssdk.http.SdkHttpClient;

/**
 * Clients of AWS's services at an account, memoized: what the SDK makes of a request, and of an answer, it makes once
 * in a JVM, by clients that all accounts share.
 *
 * <p>A request that was not made before goes through the SDK, and so do an answer that did not come before, every
 * fault, and what is streamed. Each call is named, broken and answered as one of {@link BrokenHttpClient} is.
 */
public final class MemoizedClients {
  private static final Memo MEMO = new Memo();

  private final Caller caller;

  /** Makes the clients of somebody to whose calls these faults happen. */
  public MemoizedClients(Account account, Faults faults) {
    this.caller = new Caller(account, faults);
  }

  /** {@return the HTTP client of the clients that are shared; nothing has to close it} */
  public static SdkHttpClient http() {
    return MEMO;
  }

  /**
   * {@return a client that nothing has to close}
   *
   * @param type the interface of a service's client
   * @param shared the client that makes what was not made before, with the HTTP client of {@link #http()}
   */
  public <C extends SdkClient> C of(Class<C> type, C shared) {
    InvocationHandler handler = (client, method, arguments) ->
        invoke(client, shared, method, arguments == null ? new Object[0] : arguments);
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private @Nullable Object invoke(
      Object client, SdkClient shared, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals("close")) {
      return null;
    }
    boolean isAnswered = AwsResponse.class.isAssignableFrom(method.getReturnType());
    if (arguments.length > 0 && arguments[0] instanceof AwsRequest request) {
      if (arguments.length > 1) {
        return MEMO.stream(caller, request, () -> bySdk(shared, method, arguments));
      }
      if (isAnswered) {
        return MEMO.call(caller, request, () -> bySdk(shared, method, arguments));
      }
    }
    // The interface has each other form of a call, such as one whose request a lambda makes, by
    // those above.
    return method.isDefault() && (isAnswered || arguments.length > 0)
        ? InvocationHandler.invokeDefault(client, method, arguments)
        : bySdk(shared, method, arguments);
  }

  private static Object bySdk(SdkClient shared, Method method, Object[] arguments) {
    try {
      return method.invoke(shared, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // The SDK throws no others.
      throw (RuntimeException) e.getCause();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
