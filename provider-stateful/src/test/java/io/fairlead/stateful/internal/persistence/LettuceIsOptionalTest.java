package io.fairlead.stateful.internal.persistence;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fairlead.stateful.RedisLevel;

@AnalyzeClasses(packages = "io.fairlead.stateful", importOptions = DoNotIncludeTests.class)
class LettuceIsOptionalTest {
  /** The second has one method that takes a client of the user's, who has Lettuce then. */
  @ArchTest
  static final ArchRule ONE_CLASS_KNOWS_LETTUCE = noClasses()
      .that(DescribedPredicate.not(belongToAnyOf(LettuceRemote.class, RedisLevel.class)))
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("io.lettuce..", "io.netty..", "reactor..");
}
