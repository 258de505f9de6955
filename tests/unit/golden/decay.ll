define internal void @prepare(ptr noalias %fixed) nounwind {
entry:
  %v1 = getelementptr inbounds <4 x double>, ptr %fixed, i64 0
  %v2 = load <4 x double>, ptr %v1, align 32
  %v3 = fneg <4 x double> %v2
  %v4 = getelementptr inbounds <4 x double>, ptr %fixed, i64 1
  store <4 x double> %v3, ptr %v4, align 32
  ret void
}

define internal void @rates(ptr noalias %time, ptr noalias %state, ptr noalias %fixed, ptr noalias %input, ptr noalias %out) nounwind noinline {
entry:
  %v1 = getelementptr inbounds <4 x double>, ptr %fixed, i64 0
  %v2 = load <4 x double>, ptr %v1, align 32
  %v3 = getelementptr inbounds <4 x double>, ptr %state, i64 0
  %v4 = load <4 x double>, ptr %v3, align 32
  %v5 = fmul contract <4 x double> %v2, %v4
  %v6 = fneg <4 x double> %v5
  %v7 = getelementptr inbounds <4 x double>, ptr %input, i64 0
  %v8 = load <4 x double>, ptr %v7, align 32
  %v9 = fadd contract <4 x double> %v6, %v8
  %v10 = getelementptr inbounds <4 x double>, ptr %out, i64 0
  store <4 x double> %v9, ptr %v10, align 32
  %v11 = getelementptr inbounds <4 x double>, ptr %out, i64 1
  store <4 x double> %v5, ptr %v11, align 32
  ret void
}

define internal void @factor(ptr noalias %time, ptr noalias %state, ptr noalias %fixed, ptr noalias %input, ptr noalias %diagonal, ptr noalias %lu, ptr noalias %out) nounwind noinline {
entry:
  %v1 = getelementptr inbounds <4 x double>, ptr %fixed, i64 0
  %v2 = load <4 x double>, ptr %v1, align 32
  %v3 = getelementptr inbounds <4 x double>, ptr %state, i64 0
  %v4 = load <4 x double>, ptr %v3, align 32
  %v5 = fmul contract <4 x double> %v2, %v4
  %v6 = fneg <4 x double> %v5
  %v7 = getelementptr inbounds <4 x double>, ptr %input, i64 0
  %v8 = load <4 x double>, ptr %v7, align 32
  %v9 = fadd contract <4 x double> %v6, %v8
  %v10 = getelementptr inbounds <4 x double>, ptr %fixed, i64 1
  %v11 = load <4 x double>, ptr %v10, align 32
  %v12 = getelementptr inbounds <4 x double>, ptr %out, i64 0
  store <4 x double> %v9, ptr %v12, align 32
  %v13 = getelementptr inbounds <4 x double>, ptr %out, i64 1
  store <4 x double> %v5, ptr %v13, align 32
  %v14 = getelementptr inbounds <4 x double>, ptr %diagonal, i64 0
  %v15 = load <4 x double>, ptr %v14, align 32
  %v16 = fneg <4 x double> %v11
  %v17 = fneg <4 x double> %v2
  %v18 = fadd contract <4 x double> %v15, %v16
  %v19 = fdiv <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>, %v18
  %v20 = getelementptr inbounds <4 x double>, ptr %lu, i64 2
  store <4 x double> %v19, ptr %v20, align 32
  %v21 = fmul contract <4 x double> %v17, %v19
  %v22 = getelementptr inbounds <4 x double>, ptr %lu, i64 0
  store <4 x double> %v21, ptr %v22, align 32
  %v23 = fdiv <4 x double> <double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000, double 0x3FF0000000000000>, %v15
  %v24 = getelementptr inbounds <4 x double>, ptr %lu, i64 1
  store <4 x double> %v23, ptr %v24, align 32
  ret void
}

define internal void @solve(ptr noalias %lu, ptr noalias %b, ptr noalias %more, ptr noalias %x) nounwind noinline {
entry:
  %v1 = getelementptr inbounds <4 x double>, ptr %b, i64 0
  %v2 = load <4 x double>, ptr %v1, align 32
  %v3 = getelementptr inbounds <4 x double>, ptr %more, i64 0
  %v4 = load <4 x double>, ptr %v3, align 32
  %v5 = fadd contract <4 x double> %v2, %v4
  %v6 = getelementptr inbounds <4 x double>, ptr %b, i64 1
  %v7 = load <4 x double>, ptr %v6, align 32
  %v8 = getelementptr inbounds <4 x double>, ptr %more, i64 1
  %v9 = load <4 x double>, ptr %v8, align 32
  %v10 = fadd contract <4 x double> %v7, %v9
  %v11 = getelementptr inbounds <4 x double>, ptr %lu, i64 0
  %v12 = load <4 x double>, ptr %v11, align 32
  %v13 = fmul contract <4 x double> %v12, %v5
  %v14 = fsub contract <4 x double> %v10, %v13
  %v15 = getelementptr inbounds <4 x double>, ptr %lu, i64 1
  %v16 = load <4 x double>, ptr %v15, align 32
  %v17 = fmul contract <4 x double> %v14, %v16
  %v18 = getelementptr inbounds <4 x double>, ptr %x, i64 1
  store <4 x double> %v17, ptr %v18, align 32
  %v19 = getelementptr inbounds <4 x double>, ptr %lu, i64 2
  %v20 = load <4 x double>, ptr %v19, align 32
  %v21 = fmul contract <4 x double> %v5, %v20
  %v22 = getelementptr inbounds <4 x double>, ptr %x, i64 0
  store <4 x double> %v21, ptr %v22, align 32
  ret void
}

define internal void @observe(ptr noalias %time, ptr noalias %state, ptr noalias %fixed, ptr noalias %input, ptr noalias %out) nounwind noinline {
entry:
  %v1 = getelementptr inbounds <4 x double>, ptr %state, i64 0
  %v2 = load <4 x double>, ptr %v1, align 32
  %v3 = getelementptr inbounds <4 x double>, ptr %state, i64 1
  %v4 = load <4 x double>, ptr %v3, align 32
  %v5 = getelementptr inbounds <4 x double>, ptr %out, i64 0
  store <4 x double> %v2, ptr %v5, align 32
  %v6 = getelementptr inbounds <4 x double>, ptr %out, i64 1
  store <4 x double> %v4, ptr %v6, align 32
  ret void
}
