; ModuleID = 'kinds.c'
source_filename = "kinds.c"
target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
target triple = "bpfel"

%struct.inner_map = type { ptr, ptr, ptr, ptr }
%struct.odd = type <{ i8, i64 }>
%struct.anon.1 = type { ptr, ptr, ptr, ptr }
%union.both = type { i64 }
%struct.task_struct = type { i32, i32, ptr, ptr }

@inner = dso_local global %struct.inner_map zeroinitializer, section ".maps", align 8, !dbg !0
@outer = dso_local global { ptr, ptr, ptr, [2 x ptr] } { ptr null, ptr null, ptr null, [2 x ptr] [ptr null, ptr @inner] }, section ".maps", align 8, !dbg !71
@programs = dso_local global { ptr, ptr, ptr, [1 x ptr] } { ptr null, ptr null, ptr null, [1 x ptr] [ptr @tail] }, section ".maps", align 8, !dbg !105
@set = dso_local global i64 7, align 8, !dbg !125
@choice = dso_local local_unnamed_addr global i64 1311768467463790320, align 8, !dbg !127
@sign = dso_local local_unnamed_addr global i32 -1, align 4, !dbg !129
@bits = dso_local local_unnamed_addr global { i8, i8, i8, i8, i8, i8, i8, i8 } { i8 -15, i8 15, i8 0, i8 0, i8 0, i8 0, i8 0, i8 0 }, align 8, !dbg !131
@packed = dso_local local_unnamed_addr global %struct.odd <{ i8 1, i64 2 }>, align 1, !dbg !140
@pointer = dso_local local_unnamed_addr global ptr @set, align 8, !dbg !149
@overridable = weak dso_local local_unnamed_addr global i32 3, align 4, !dbg !151
@concealed = hidden local_unnamed_addr global i32 4, align 4, !dbg !153
@name = dso_local global [6 x i8] c"named\00", section ".data.named", align 1, !dbg !155
@hidden_set = internal global i16 -2, align 2, !dbg !292
@tail.format = internal constant [9 x i8] c"%d of %s\00", align 1, !dbg !161
@grid = dso_local local_unnamed_addr global [3 x [4 x i32]] zeroinitializer, align 4, !dbg !274
@hidden_zero = internal unnamed_addr global i32 0, align 4, !dbg !267
@zero = dso_local local_unnamed_addr global i64 0, align 8, !dbg !265
@CONFIG_HZ = extern_weak dso_local local_unnamed_addr global i32, section ".kconfig", align 4, !dbg !288
@shared = dso_local global %struct.anon.1 zeroinitializer, section ".maps", align 8, !dbg !257
@follow.____fmt = internal constant [3 x i8] c"%d\00", align 1, !dbg !213
@either = dso_local local_unnamed_addr global %union.both zeroinitializer, align 8, !dbg !278
@0 = private unnamed_addr constant [21 x i8] c"BPF_MAP_TYPE_ARRAY:2\00", align 1
@option = dso_local constant i8 0, align 1, !dbg !269
@vmlinux_symbol = extern_weak dso_local constant i8, section ".ksyms", align 1, !dbg !290
@LICENSE = dso_local global [4 x i8] c"GPL\00", section "license", align 1, !dbg !254
@table = internal unnamed_addr constant [5 x i32] [i32 1, i32 -2, i32 3, i32 -4, i32 5], align 4, !dbg !298
@pair = internal unnamed_addr constant [2 x i64] [i64 1099511627776, i64 2], align 8, !dbg !304
@llvm.compiler.used = appending global [8 x ptr] [ptr @LICENSE, ptr @follow, ptr @inner, ptr @name, ptr @outer, ptr @programs, ptr @shared, ptr @tail], section "llvm.metadata"

; Function Attrs: nounwind
define dso_local i32 @tail(ptr readnone captures(none) %ctx) #0 section "tc" !dbg !163 {
entry:
  %sum = alloca i64, align 8, !DIAssignID !318
    #dbg_assign(i1 poison, !166, !DIExpression(), !318, ptr %sum, !DIExpression(), !319)
    #dbg_value(ptr poison, !165, !DIExpression(), !319)
  call void @llvm.lifetime.start.p0(ptr nonnull %sum) #9, !dbg !320
  store i64 0, ptr %sum, align 8, !dbg !321, !tbaa !322, !DIAssignID !324
    #dbg_assign(i64 0, !166, !DIExpression(), !324, ptr %sum, !DIExpression(), !319)
  %call = call i64 inttoptr (i64 181 to ptr)(i32 noundef 5, ptr noundef nonnull @each, ptr noundef nonnull %sum, i64 noundef 0) #9, !dbg !325
  %0 = load i64, ptr %sum, align 8, !dbg !326, !tbaa !322
  %conv = trunc i64 %0 to i32, !dbg !327
  %call1 = call i64 (ptr, i32, ...) inttoptr (i64 6 to ptr)(ptr noundef nonnull @tail.format, i32 noundef 9, i32 noundef %conv) #9, !dbg !328
  %1 = load i64, ptr %sum, align 8, !dbg !329, !tbaa !322
  %2 = load i32, ptr @hidden_zero, align 4, !dbg !330, !tbaa !314
  %and = and i32 %2, 3, !dbg !331
  %idxprom = zext nneg i32 %and to i64, !dbg !332
  %arrayidx = getelementptr inbounds nuw i32, ptr getelementptr inbounds nuw (i8, ptr @grid, i64 16), i64 %idxprom, !dbg !332
  %3 = load i32, ptr %arrayidx, align 4, !dbg !332, !tbaa !314
  %conv2 = sext i32 %3 to i64, !dbg !332
  %add = add i64 %1, %conv2, !dbg !333
  store i64 %add, ptr @zero, align 8, !dbg !334, !tbaa !322
  %conv3 = trunc i64 %add to i32, !dbg !335
  %4 = load i32, ptr @CONFIG_HZ, align 4, !dbg !336, !tbaa !314
  %call4 = call fastcc i32 @subtract(i32 noundef %conv3, i32 noundef %4), !dbg !337
  %5 = load i64, ptr @zero, align 8, !dbg !338, !tbaa !322
  %conv5 = trunc i64 %5 to i32, !dbg !338
  %6 = load i64, ptr @set, align 8, !dbg !339, !tbaa !322
  %conv6 = trunc i64 %6 to i32, !dbg !339
  %call7 = call i32 @multiply(i32 noundef %conv5, i32 noundef %conv6), !dbg !340
  %add8 = add nsw i32 %call7, %call4, !dbg !341
  %7 = load i64, ptr @zero, align 8, !dbg !342, !tbaa !322
  %conv9 = trunc i64 %7 to i32, !dbg !342
  %call10 = call i32 @concealed_function(i32 noundef %conv9), !dbg !343
  %add11 = add nsw i32 %add8, %call10, !dbg !344
  call void @llvm.lifetime.end.p0(ptr nonnull %sum) #9, !dbg !345
  ret i32 %add11, !dbg !346
}

; Function Attrs: mustprogress nofree noinline norecurse nounwind willreturn memory(readwrite, argmem: none, target_mem0: none, target_mem1: none)
define dso_local i32 @multiply(i32 noundef %a, i32 noundef %b) local_unnamed_addr #1 !dbg !347 {
entry:
    #dbg_value(i32 %a, !352, !DIExpression(), !356)
    #dbg_value(i32 %b, !353, !DIExpression(), !356)
  %mul = mul i32 %b, %a, !dbg !357
  %0 = load volatile i16, ptr @hidden_set, align 2, !dbg !358, !tbaa !359
  %conv = sext i16 %0 to i32, !dbg !358
  %add = add i32 %mul, %conv, !dbg !361
  ret i32 %add, !dbg !362
}

; Function Attrs: mustprogress nofree noinline norecurse nosync nounwind willreturn memory(none)
define hidden noundef range(i32 0, 1431655766) i32 @concealed_function(i32 noundef %a) local_unnamed_addr #2 !dbg !363 {
entry:
    #dbg_value(i32 %a, !367, !DIExpression(), !368)
  %div = udiv i32 %a, 3, !dbg !369
  ret i32 %div, !dbg !370
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(ptr captures(none)) #3

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite)
define internal noundef i32 @each(i32 noundef %index, ptr noundef captures(none) %sum) #4 !dbg !371 {
entry:
    #dbg_value(i32 %index, !375, !DIExpression(), !377)
    #dbg_value(ptr %sum, !376, !DIExpression(), !377)
  %rem = urem i32 %index, 5, !dbg !378
  %idxprom = zext nneg i32 %rem to i64, !dbg !379
  %arrayidx = getelementptr inbounds nuw i32, ptr @table, i64 %idxprom, !dbg !379
  %0 = load i32, ptr %arrayidx, align 4, !dbg !379, !tbaa !314
  %conv = sext i32 %0 to i64, !dbg !379
  %and = and i32 %index, 1, !dbg !380
  %idxprom1 = zext nneg i32 %and to i64, !dbg !381
  %arrayidx2 = getelementptr inbounds nuw i64, ptr @pair, i64 %idxprom1, !dbg !381
  %1 = load i64, ptr %arrayidx2, align 8, !dbg !381, !tbaa !322
  %add = add i64 %1, %conv, !dbg !382
  %2 = load i64, ptr %sum, align 8, !dbg !383, !tbaa !322
  %add3 = add i64 %add, %2, !dbg !383
  store i64 %add3, ptr %sum, align 8, !dbg !383, !tbaa !322
  ret i32 0, !dbg !384
}

; Function Attrs: mustprogress nofree noinline norecurse nosync nounwind willreturn memory(readwrite, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none)
define internal fastcc i32 @subtract(i32 noundef %a, i32 noundef %b) unnamed_addr #5 !dbg !385 {
entry:
    #dbg_value(i32 %a, !389, !DIExpression(), !391)
    #dbg_value(i32 %b, !390, !DIExpression(), !391)
  %0 = load i32, ptr @hidden_zero, align 4, !dbg !392, !tbaa !314
  %add = add i32 %0, %a, !dbg !392
  store i32 %add, ptr @hidden_zero, align 4, !dbg !392, !tbaa !314
  %sub = sub nsw i32 %a, %b, !dbg !393
  ret i32 %sub, !dbg !394
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(ptr captures(none)) #3

; Function Attrs: nounwind
define dso_local range(i32 0, 2) i32 @follow(ptr noundef %ctx) #0 section "?tp_btf/sys_enter" !dbg !215 {
entry:
  %key = alloca i32, align 4, !DIAssignID !395
    #dbg_assign(i1 poison, !221, !DIExpression(), !395, ptr %key, !DIExpression(), !396)
  %__found = alloca ptr, align 8, !DIAssignID !397
    #dbg_assign(i1 poison, !245, !DIExpression(), !397, ptr %__found, !DIExpression(), !398)
  %__found6 = alloca i32, align 4, !DIAssignID !399
    #dbg_assign(i1 poison, !246, !DIExpression(), !399, ptr %__found6, !DIExpression(), !400)
    #dbg_value(ptr %ctx, !219, !DIExpression(), !396)
  %call = tail call ptr inttoptr (i64 158 to ptr)() #9, !dbg !401
    #dbg_value(ptr %call, !220, !DIExpression(), !396)
  call void @llvm.lifetime.start.p0(ptr nonnull %key) #9, !dbg !402
  store i32 0, ptr %key, align 4, !dbg !403, !tbaa !314, !DIAssignID !404
    #dbg_assign(i32 0, !221, !DIExpression(), !404, ptr %key, !DIExpression(), !396)
  %call1 = call ptr inttoptr (i64 1 to ptr)(ptr noundef nonnull @shared, ptr noundef nonnull %key) #9, !dbg !405
    #dbg_value(ptr %call1, !222, !DIExpression(), !396)
  %call2 = call i64 inttoptr (i64 12 to ptr)(ptr noundef %ctx, ptr noundef nonnull @programs, i32 noundef 0) #9, !dbg !406
  %tobool.not = icmp eq ptr %call1, null, !dbg !407
  br i1 %tobool.not, label %if.end, label %if.then, !dbg !407

if.then:                                          ; preds = %entry
    #dbg_value(ptr %call, !243, !DIExpression(), !398)
  call void @llvm.lifetime.start.p0(ptr nonnull %__found) #9, !dbg !408
  %0 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 2, i32 2), !dbg !409, !llvm.preserve.access.index !193
  %call4 = call i64 inttoptr (i64 113 to ptr)(ptr noundef nonnull %__found, i32 noundef 8, ptr noundef %0) #9, !dbg !408
  %1 = load ptr, ptr %__found, align 8, !dbg !408, !tbaa !410
  call void @llvm.lifetime.end.p0(ptr nonnull %__found) #9, !dbg !413
    #dbg_value(ptr %1, !239, !DIExpression(), !400)
  call void @llvm.lifetime.start.p0(ptr nonnull %__found6) #9, !dbg !413
  %2 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %1, i32 0, i32 0), !dbg !414, !llvm.preserve.access.index !193
  %call7 = call i64 inttoptr (i64 113 to ptr)(ptr noundef nonnull %__found6, i32 noundef 4, ptr noundef %2) #9, !dbg !413
  %3 = load i32, ptr %__found6, align 4, !dbg !413, !tbaa !314
  call void @llvm.lifetime.end.p0(ptr nonnull %__found6) #9, !dbg !415
  %call9 = call i64 (ptr, i32, ...) inttoptr (i64 6 to ptr)(ptr noundef nonnull @follow.____fmt, i32 noundef 3, i32 noundef %3) #9, !dbg !416
  br label %if.end, !dbg !417

if.end:                                           ; preds = %if.then, %entry
  %4 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 0, i32 0), !dbg !418, !llvm.preserve.access.index !193
  %5 = load i32, ptr %4, align 8, !dbg !418, !tbaa !419
  %bf.load = load i64, ptr @bits, align 8, !dbg !422
  %6 = shl i32 %5, 3, !dbg !422
  %7 = and i32 %6, 1016, !dbg !422
  %bf.shl = zext nneg i32 %7 to i64, !dbg !422
  %bf.clear = and i64 %bf.load, -1017, !dbg !422
  %bf.set = or disjoint i64 %bf.clear, %bf.shl, !dbg !422
  store i64 %bf.set, ptr @bits, align 8, !dbg !422
  %8 = call ptr @llvm.preserve.struct.access.index.p0.p0(ptr elementtype(%struct.task_struct) %call, i32 1, i32 1), !dbg !423, !llvm.preserve.access.index !193
  %9 = call i32 @llvm.bpf.preserve.field.info.p0(ptr %8, i64 2), !dbg !424
  %conv = zext i32 %9 to i64, !dbg !424
  %10 = call i64 @llvm.bpf.btf.type.id(i32 0, i64 0), !dbg !425, !llvm.preserve.access.index !426
  %add = add i64 %10, %conv, !dbg !434
  %11 = load i64, ptr getelementptr inbounds nuw (i8, ptr @packed, i64 1), align 1, !dbg !435, !tbaa !436
  %add10 = add i64 %add, %11, !dbg !438
  %12 = load i32, ptr getelementptr inbounds nuw (i8, ptr @either, i64 4), align 4, !dbg !439, !tbaa !440
  %13 = trunc i64 %add10 to i32, !dbg !439
  %conv13 = add i32 %12, %13, !dbg !439
  store i32 %conv13, ptr getelementptr inbounds nuw (i8, ptr @either, i64 4), align 4, !dbg !439, !tbaa !440
  %14 = call i64 @llvm.bpf.preserve.enum.value(i32 1, ptr nonnull @0, i64 0), !dbg !441, !llvm.preserve.access.index !25
  %tobool14.not = icmp eq i64 %14, 0, !dbg !441
  br i1 %tobool14.not, label %if.end22, label %if.then15, !dbg !441

if.then15:                                        ; preds = %if.end
  %15 = load i32, ptr @concealed, align 4, !dbg !443, !tbaa !314
  %16 = load volatile i8, ptr @option, align 1, !dbg !444, !tbaa !445, !range !447, !noundef !448
  %loadedv = zext nneg i8 %16 to i32, !dbg !444
  %add17 = add i32 %15, %loadedv, !dbg !449
  %17 = load i32, ptr @sign, align 4, !dbg !450, !tbaa !314
  %add18 = add i32 %add17, %17, !dbg !451
  %18 = load i64, ptr @choice, align 8, !dbg !452, !tbaa !453
  %conv19 = trunc i64 %18 to i32, !dbg !455
  %add20 = add i32 %add18, %conv19, !dbg !456
  %19 = load i32, ptr @overridable, align 4, !dbg !457, !tbaa !314
  %add21 = add i32 %add20, %19, !dbg !457
  store i32 %add21, ptr @overridable, align 4, !dbg !457, !tbaa !314
  br label %if.end22, !dbg !458

if.end22:                                         ; preds = %if.then15, %if.end
  %tobool23.not = icmp eq ptr @vmlinux_symbol, null, !dbg !459
  br i1 %tobool23.not, label %if.end27, label %if.then24, !dbg !459

if.then24:                                        ; preds = %if.end22
  %20 = load i64, ptr @zero, align 8, !dbg !461, !tbaa !322
  %and = and i64 %20, 3, !dbg !462
  %arrayidx = getelementptr inbounds nuw i8, ptr @name, i64 %and, !dbg !463
  %21 = load i8, ptr %arrayidx, align 1, !dbg !463, !tbaa !440
  %conv25 = sext i8 %21 to i32, !dbg !463
  %22 = load ptr, ptr @pointer, align 8, !dbg !464, !tbaa !465
  %23 = load i32, ptr %22, align 4, !dbg !467, !tbaa !314
  %add26 = add i32 %23, %conv25, !dbg !467
  store i32 %add26, ptr %22, align 4, !dbg !467, !tbaa !314
  br label %if.end27, !dbg !468

if.end27:                                         ; preds = %if.then24, %if.end22
  call void @bpf_rcu_read_lock() #9, !dbg !469
  %call28 = call ptr inttoptr (i64 1 to ptr)(ptr noundef nonnull @outer, ptr noundef nonnull %key) #9, !dbg !470
  %cmp = icmp ne ptr %call28, null, !dbg !471
  %tobool30 = icmp ne ptr @bpf_task_from_pid, null
  %spec.select = and i1 %tobool30, %cmp, !dbg !472
  %land.ext = zext i1 %spec.select to i32, !dbg !472
  call void @llvm.lifetime.end.p0(ptr nonnull %key) #9, !dbg !473
  ret i32 %land.ext, !dbg !474
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(none)
declare ptr @llvm.preserve.struct.access.index.p0.p0(ptr, i32 immarg, i32 immarg) #6

; Function Attrs: nofree nosync nounwind memory(none)
declare i32 @llvm.bpf.preserve.field.info.p0(ptr, i64 immarg) #7

; Function Attrs: nofree nosync nounwind memory(none)
declare i64 @llvm.bpf.btf.type.id(i32, i64) #7

; Function Attrs: nofree nosync nounwind memory(none)
declare i64 @llvm.bpf.preserve.enum.value(i32, ptr, i64) #7

declare !dbg !475 dso_local void @bpf_rcu_read_lock() local_unnamed_addr #8 section ".ksyms"

declare !dbg !478 extern_weak dso_local ptr @bpf_task_from_pid(i32 noundef) #8 section ".ksyms"

attributes #0 = { nounwind "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #1 = { mustprogress nofree noinline norecurse nounwind willreturn memory(readwrite, argmem: none, target_mem0: none, target_mem1: none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #2 = { mustprogress nofree noinline norecurse nosync nounwind willreturn memory(none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #3 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #4 = { mustprogress nofree norecurse nosync nounwind willreturn memory(argmem: readwrite) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #5 = { mustprogress nofree noinline norecurse nosync nounwind willreturn memory(readwrite, argmem: none, inaccessiblemem: none, target_mem0: none, target_mem1: none) "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #6 = { mustprogress nocallback nofree nosync nounwind willreturn memory(none) }
attributes #7 = { nofree nosync nounwind memory(none) }
attributes #8 = { "frame-pointer"="all" "no-trapping-math"="true" "stack-protector-buffer-size"="8" "target-cpu"="v3" }
attributes #9 = { nounwind }

!llvm.dbg.cu = !{!2}
!llvm.module.flags = !{!308, !309, !310, !311, !312}
!llvm.ident = !{!313}
!llvm.errno.tbaa = !{!314}

!0 = !DIGlobalVariableExpression(var: !1, expr: !DIExpression())
!1 = distinct !DIGlobalVariable(name: "inner", scope: !2, file: !3, line: 6, type: !89, isLocal: false, isDefinition: true)
!2 = distinct !DICompileUnit(language: DW_LANG_C11, file: !3, producer: "clang version 22.1.0 (https://codeberg.org/YoWASP/llvm-project 9560ae0f2cc440e4fc891fddbc119da6f56daa59)", isOptimized: true, runtimeVersion: 0, emissionKind: FullDebug, enums: !4, retainedTypes: !62, globals: !70, splitDebugInlining: false, nameTableKind: None)
!3 = !DIFile(filename: "kinds.c", directory: ".", checksumkind: CSK_MD5, checksum: "d719e1996bc031217663be5750812475")
!4 = !{!5, !10, !15, !25}
!5 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "wide", file: !3, line: 20, baseType: !6, size: 64, elements: !7)
!6 = !DIBasicType(name: "unsigned long", size: 64, encoding: DW_ATE_unsigned)
!7 = !{!8, !9}
!8 = !DIEnumerator(name: "SMALL", value: 1, isUnsigned: true)
!9 = !DIEnumerator(name: "LARGE", value: 1311768467463790320, isUnsigned: true)
!10 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "small", file: !3, line: 21, baseType: !11, size: 32, elements: !12)
!11 = !DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)
!12 = !{!13, !14}
!13 = !DIEnumerator(name: "MINUS", value: -1)
!14 = !DIEnumerator(name: "PLUS", value: 0)
!15 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "bpf_field_info_kind", file: !16, line: 10, baseType: !17, size: 32, elements: !18)
!16 = !DIFile(filename: "include/bpf/bpf_core_read.h", directory: ".", checksumkind: CSK_MD5, checksum: "e49c81b35da4dc78c2e2598922f4fd74")
!17 = !DIBasicType(name: "unsigned int", size: 32, encoding: DW_ATE_unsigned)
!18 = !{!19, !20, !21, !22, !23, !24}
!19 = !DIEnumerator(name: "BPF_FIELD_BYTE_OFFSET", value: 0)
!20 = !DIEnumerator(name: "BPF_FIELD_BYTE_SIZE", value: 1)
!21 = !DIEnumerator(name: "BPF_FIELD_EXISTS", value: 2)
!22 = !DIEnumerator(name: "BPF_FIELD_SIGNED", value: 3)
!23 = !DIEnumerator(name: "BPF_FIELD_LSHIFT_U64", value: 4)
!24 = !DIEnumerator(name: "BPF_FIELD_RSHIFT_U64", value: 5)
!25 = !DICompositeType(tag: DW_TAG_enumeration_type, name: "bpf_map_type", file: !26, line: 15, baseType: !17, size: 32, elements: !27)
!26 = !DIFile(filename: "include/linux/bpf.h", directory: ".", checksumkind: CSK_MD5, checksum: "4236727a4dc1c80e80d83e4ca6e97932")
!27 = !{!28, !29, !30, !31, !32, !33, !34, !35, !36, !37, !38, !39, !40, !41, !42, !43, !44, !45, !46, !47, !48, !49, !50, !51, !52, !53, !54, !55, !56, !57, !58, !59, !60, !61}
!28 = !DIEnumerator(name: "BPF_MAP_TYPE_UNSPEC", value: 0)
!29 = !DIEnumerator(name: "BPF_MAP_TYPE_HASH", value: 1)
!30 = !DIEnumerator(name: "BPF_MAP_TYPE_ARRAY", value: 2)
!31 = !DIEnumerator(name: "BPF_MAP_TYPE_PROG_ARRAY", value: 3)
!32 = !DIEnumerator(name: "BPF_MAP_TYPE_PERF_EVENT_ARRAY", value: 4)
!33 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_HASH", value: 5)
!34 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_ARRAY", value: 6)
!35 = !DIEnumerator(name: "BPF_MAP_TYPE_STACK_TRACE", value: 7)
!36 = !DIEnumerator(name: "BPF_MAP_TYPE_CGROUP_ARRAY", value: 8)
!37 = !DIEnumerator(name: "BPF_MAP_TYPE_LRU_HASH", value: 9)
!38 = !DIEnumerator(name: "BPF_MAP_TYPE_LRU_PERCPU_HASH", value: 10)
!39 = !DIEnumerator(name: "BPF_MAP_TYPE_LPM_TRIE", value: 11)
!40 = !DIEnumerator(name: "BPF_MAP_TYPE_ARRAY_OF_MAPS", value: 12)
!41 = !DIEnumerator(name: "BPF_MAP_TYPE_HASH_OF_MAPS", value: 13)
!42 = !DIEnumerator(name: "BPF_MAP_TYPE_DEVMAP", value: 14)
!43 = !DIEnumerator(name: "BPF_MAP_TYPE_SOCKMAP", value: 15)
!44 = !DIEnumerator(name: "BPF_MAP_TYPE_CPUMAP", value: 16)
!45 = !DIEnumerator(name: "BPF_MAP_TYPE_XSKMAP", value: 17)
!46 = !DIEnumerator(name: "BPF_MAP_TYPE_SOCKHASH", value: 18)
!47 = !DIEnumerator(name: "BPF_MAP_TYPE_CGROUP_STORAGE", value: 19)
!48 = !DIEnumerator(name: "BPF_MAP_TYPE_REUSEPORT_SOCKARRAY", value: 20)
!49 = !DIEnumerator(name: "BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE", value: 21)
!50 = !DIEnumerator(name: "BPF_MAP_TYPE_QUEUE", value: 22)
!51 = !DIEnumerator(name: "BPF_MAP_TYPE_STACK", value: 23)
!52 = !DIEnumerator(name: "BPF_MAP_TYPE_SK_STORAGE", value: 24)
!53 = !DIEnumerator(name: "BPF_MAP_TYPE_DEVMAP_HASH", value: 25)
!54 = !DIEnumerator(name: "BPF_MAP_TYPE_STRUCT_OPS", value: 26)
!55 = !DIEnumerator(name: "BPF_MAP_TYPE_RINGBUF", value: 27)
!56 = !DIEnumerator(name: "BPF_MAP_TYPE_INODE_STORAGE", value: 28)
!57 = !DIEnumerator(name: "BPF_MAP_TYPE_TASK_STORAGE", value: 29)
!58 = !DIEnumerator(name: "BPF_MAP_TYPE_BLOOM_FILTER", value: 30)
!59 = !DIEnumerator(name: "BPF_MAP_TYPE_USER_RINGBUF", value: 31)
!60 = !DIEnumerator(name: "BPF_MAP_TYPE_CGRP_STORAGE", value: 32)
!61 = !DIEnumerator(name: "BPF_MAP_TYPE_ARENA", value: 33)
!62 = !{!63, !11, !67, !68}
!63 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !64, size: 64)
!64 = !DIDerivedType(tag: DW_TAG_typedef, name: "u32", file: !65, line: 42, baseType: !66)
!65 = !DIFile(filename: "include/linux/types.h", directory: ".", checksumkind: CSK_MD5, checksum: "d283241a06fb03eb21df3c2e22f10787")
!66 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u32", file: !65, line: 12, baseType: !17)
!67 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: null, size: 64)
!68 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !69, size: 64)
!69 = !DIDerivedType(tag: DW_TAG_const_type, baseType: null)
!70 = !{!71, !105, !125, !127, !129, !131, !140, !149, !151, !153, !155, !161, !171, !179, !186, !201, !207, !213, !248, !254, !0, !257, !265, !267, !269, !274, !278, !288, !290, !292, !298, !304}
!71 = !DIGlobalVariableExpression(var: !72, expr: !DIExpression())
!72 = distinct !DIGlobalVariable(name: "outer", scope: !2, file: !3, line: 13, type: !73, isLocal: false, isDefinition: true)
!73 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 12, size: 192, elements: !74)
!74 = !{!75, !80, !85, !86}
!75 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !73, file: !3, line: 12, baseType: !76, size: 64)
!76 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !77, size: 64)
!77 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 384, elements: !78)
!78 = !{!79}
!79 = !DISubrange(count: 12)
!80 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !73, file: !3, line: 12, baseType: !81, size: 64, offset: 64)
!81 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !82, size: 64)
!82 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 64, elements: !83)
!83 = !{!84}
!84 = !DISubrange(count: 2)
!85 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !73, file: !3, line: 12, baseType: !63, size: 64, offset: 128)
!86 = !DIDerivedType(tag: DW_TAG_member, name: "values", scope: !73, file: !3, line: 12, baseType: !87, offset: 192)
!87 = !DICompositeType(tag: DW_TAG_array_type, baseType: !88, elements: !103)
!88 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !89, size: 64)
!89 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "inner_map", file: !3, line: 6, size: 256, elements: !90)
!90 = !{!91, !92, !97, !98}
!91 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !89, file: !3, line: 6, baseType: !81, size: 64)
!92 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !89, file: !3, line: 6, baseType: !93, size: 64, offset: 64)
!93 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !94, size: 64)
!94 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 32, elements: !95)
!95 = !{!96}
!96 = !DISubrange(count: 1)
!97 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !89, file: !3, line: 6, baseType: !63, size: 64, offset: 128)
!98 = !DIDerivedType(tag: DW_TAG_member, name: "value", scope: !89, file: !3, line: 6, baseType: !99, size: 64, offset: 192)
!99 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !100, size: 64)
!100 = !DIDerivedType(tag: DW_TAG_typedef, name: "u64", file: !65, line: 45, baseType: !101)
!101 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u64", file: !65, line: 13, baseType: !102)
!102 = !DIBasicType(name: "unsigned long long", size: 64, encoding: DW_ATE_unsigned)
!103 = !{!104}
!104 = !DISubrange(count: -1)
!105 = !DIGlobalVariableExpression(var: !106, expr: !DIExpression())
!106 = distinct !DIGlobalVariable(name: "programs", scope: !2, file: !3, line: 18, type: !107, isLocal: false, isDefinition: true)
!107 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 17, size: 192, elements: !108)
!108 = !{!109, !114, !115, !120}
!109 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !107, file: !3, line: 17, baseType: !110, size: 64)
!110 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !111, size: 64)
!111 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 96, elements: !112)
!112 = !{!113}
!113 = !DISubrange(count: 3)
!114 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !107, file: !3, line: 17, baseType: !81, size: 64, offset: 64)
!115 = !DIDerivedType(tag: DW_TAG_member, name: "key_size", scope: !107, file: !3, line: 17, baseType: !116, size: 64, offset: 128)
!116 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !117, size: 64)
!117 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 128, elements: !118)
!118 = !{!119}
!119 = !DISubrange(count: 4)
!120 = !DIDerivedType(tag: DW_TAG_member, name: "values", scope: !107, file: !3, line: 17, baseType: !121, offset: 192)
!121 = !DICompositeType(tag: DW_TAG_array_type, baseType: !122, elements: !103)
!122 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !123, size: 64)
!123 = !DISubroutineType(types: !124)
!124 = !{!11, !67}
!125 = !DIGlobalVariableExpression(var: !126, expr: !DIExpression())
!126 = distinct !DIGlobalVariable(name: "set", scope: !2, file: !3, line: 32, type: !100, isLocal: false, isDefinition: true)
!127 = !DIGlobalVariableExpression(var: !128, expr: !DIExpression())
!128 = distinct !DIGlobalVariable(name: "choice", scope: !2, file: !3, line: 39, type: !5, isLocal: false, isDefinition: true)
!129 = !DIGlobalVariableExpression(var: !130, expr: !DIExpression())
!130 = distinct !DIGlobalVariable(name: "sign", scope: !2, file: !3, line: 40, type: !10, isLocal: false, isDefinition: true)
!131 = !DIGlobalVariableExpression(var: !132, expr: !DIExpression())
!132 = distinct !DIGlobalVariable(name: "bits", scope: !2, file: !3, line: 41, type: !133, isLocal: false, isDefinition: true)
!133 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "flags", file: !3, line: 22, size: 64, elements: !134)
!134 = !{!135, !136, !139}
!135 = !DIDerivedType(tag: DW_TAG_member, name: "low", scope: !133, file: !3, line: 22, baseType: !64, size: 3, flags: DIFlagBitField, extraData: i64 0)
!136 = !DIDerivedType(tag: DW_TAG_member, name: "mid", scope: !133, file: !3, line: 22, baseType: !137, size: 7, offset: 3, flags: DIFlagBitField, extraData: i64 0)
!137 = !DIDerivedType(tag: DW_TAG_typedef, name: "s32", file: !65, line: 54, baseType: !138)
!138 = !DIDerivedType(tag: DW_TAG_typedef, name: "__s32", file: !65, line: 16, baseType: !11)
!139 = !DIDerivedType(tag: DW_TAG_member, name: "wide", scope: !133, file: !3, line: 22, baseType: !100, size: 40, offset: 10, flags: DIFlagBitField, extraData: i64 0)
!140 = !DIGlobalVariableExpression(var: !141, expr: !DIExpression())
!141 = distinct !DIGlobalVariable(name: "packed", scope: !2, file: !3, line: 43, type: !142, isLocal: false, isDefinition: true)
!142 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "odd", file: !3, line: 24, size: 72, elements: !143)
!143 = !{!144, !148}
!144 = !DIDerivedType(tag: DW_TAG_member, name: "first", scope: !142, file: !3, line: 24, baseType: !145, size: 8)
!145 = !DIDerivedType(tag: DW_TAG_typedef, name: "u8", file: !65, line: 36, baseType: !146)
!146 = !DIDerivedType(tag: DW_TAG_typedef, name: "__u8", file: !65, line: 10, baseType: !147)
!147 = !DIBasicType(name: "unsigned char", size: 8, encoding: DW_ATE_unsigned_char)
!148 = !DIDerivedType(tag: DW_TAG_member, name: "second", scope: !142, file: !3, line: 24, baseType: !100, size: 64, offset: 8)
!149 = !DIGlobalVariableExpression(var: !150, expr: !DIExpression())
!150 = distinct !DIGlobalVariable(name: "pointer", scope: !2, file: !3, line: 44, type: !63, isLocal: false, isDefinition: true)
!151 = !DIGlobalVariableExpression(var: !152, expr: !DIExpression())
!152 = distinct !DIGlobalVariable(name: "overridable", scope: !2, file: !3, line: 45, type: !64, isLocal: false, isDefinition: true)
!153 = !DIGlobalVariableExpression(var: !154, expr: !DIExpression())
!154 = distinct !DIGlobalVariable(name: "concealed", scope: !2, file: !3, line: 46, type: !64, isLocal: false, isDefinition: true)
!155 = !DIGlobalVariableExpression(var: !156, expr: !DIExpression())
!156 = distinct !DIGlobalVariable(name: "name", scope: !2, file: !3, line: 47, type: !157, isLocal: false, isDefinition: true)
!157 = !DICompositeType(tag: DW_TAG_array_type, baseType: !158, size: 48, elements: !159)
!158 = !DIBasicType(name: "char", size: 8, encoding: DW_ATE_signed_char)
!159 = !{!160}
!160 = !DISubrange(count: 6)
!161 = !DIGlobalVariableExpression(var: !162, expr: !DIExpression())
!162 = distinct !DIGlobalVariable(name: "format", scope: !163, file: !3, line: 56, type: !167, isLocal: true, isDefinition: true)
!163 = distinct !DISubprogram(name: "tail", scope: !3, file: !3, line: 54, type: !123, scopeLine: 55, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !164)
!164 = !{!165, !166}
!165 = !DILocalVariable(name: "ctx", arg: 1, scope: !163, file: !3, line: 54, type: !67)
!166 = !DILocalVariable(name: "sum", scope: !163, file: !3, line: 57, type: !100)
!167 = !DICompositeType(tag: DW_TAG_array_type, baseType: !168, size: 72, elements: !169)
!168 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !158)
!169 = !{!170}
!170 = !DISubrange(count: 9)
!171 = !DIGlobalVariableExpression(var: !172, expr: !DIExpression())
!172 = distinct !DIGlobalVariable(name: "bpf_loop", scope: !2, file: !173, line: 236, type: !174, isLocal: true, isDefinition: true)
!173 = !DIFile(filename: "include/bpf/bpf_helper_defs.h", directory: ".", checksumkind: CSK_MD5, checksum: "86e7a5c03334308703a986827deffeae")
!174 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !175)
!175 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !176, size: 64)
!176 = !DISubroutineType(types: !177)
!177 = !{!178, !66, !67, !67, !101}
!178 = !DIBasicType(name: "long", size: 64, encoding: DW_ATE_signed)
!179 = !DIGlobalVariableExpression(var: !180, expr: !DIExpression())
!180 = distinct !DIGlobalVariable(name: "bpf_trace_printk", scope: !2, file: !173, line: 61, type: !181, isLocal: true, isDefinition: true)
!181 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !182)
!182 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !183, size: 64)
!183 = !DISubroutineType(types: !184)
!184 = !{!178, !185, !66, null}
!185 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !168, size: 64)
!186 = !DIGlobalVariableExpression(var: !187, expr: !DIExpression())
!187 = distinct !DIGlobalVariable(name: "bpf_get_current_task_btf", scope: !2, file: !173, line: 213, type: !188, isLocal: true, isDefinition: true)
!188 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !189)
!189 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !190, size: 64)
!190 = !DISubroutineType(types: !191)
!191 = !{!192}
!192 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !193, size: 64)
!193 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "task_struct", file: !3, line: 9, size: 192, elements: !194)
!194 = !{!195, !196, !197, !198}
!195 = !DIDerivedType(tag: DW_TAG_member, name: "pid", scope: !193, file: !3, line: 9, baseType: !11, size: 32)
!196 = !DIDerivedType(tag: DW_TAG_member, name: "flags", scope: !193, file: !3, line: 9, baseType: !17, size: 32, offset: 32)
!197 = !DIDerivedType(tag: DW_TAG_member, name: "real_parent", scope: !193, file: !3, line: 9, baseType: !192, size: 64, offset: 64)
!198 = !DIDerivedType(tag: DW_TAG_member, name: "mm", scope: !193, file: !3, line: 9, baseType: !199, size: 64, offset: 128)
!199 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !200, size: 64)
!200 = !DICompositeType(tag: DW_TAG_structure_type, name: "mm_struct", file: !3, line: 8, flags: DIFlagFwdDecl)
!201 = !DIGlobalVariableExpression(var: !202, expr: !DIExpression())
!202 = distinct !DIGlobalVariable(name: "bpf_map_lookup_elem", scope: !2, file: !173, line: 56, type: !203, isLocal: true, isDefinition: true)
!203 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !204)
!204 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !205, size: 64)
!205 = !DISubroutineType(types: !206)
!206 = !{!67, !67, !68}
!207 = !DIGlobalVariableExpression(var: !208, expr: !DIExpression())
!208 = distinct !DIGlobalVariable(name: "bpf_tail_call", scope: !2, file: !173, line: 67, type: !209, isLocal: true, isDefinition: true)
!209 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !210)
!210 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !211, size: 64)
!211 = !DISubroutineType(types: !212)
!212 = !{!178, !67, !67, !66}
!213 = !DIGlobalVariableExpression(var: !214, expr: !DIExpression())
!214 = distinct !DIGlobalVariable(name: "____fmt", scope: !215, file: !3, line: 70, type: !247, isLocal: true, isDefinition: true)
!215 = distinct !DISubprogram(name: "follow", scope: !3, file: !3, line: 64, type: !216, scopeLine: 65, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !218)
!216 = !DISubroutineType(types: !217)
!217 = !{!11, !99}
!218 = !{!219, !220, !221, !222, !239, !243, !245, !246}
!219 = !DILocalVariable(name: "ctx", arg: 1, scope: !215, file: !3, line: 64, type: !99)
!220 = !DILocalVariable(name: "task", scope: !215, file: !3, line: 66, type: !192)
!221 = !DILocalVariable(name: "key", scope: !215, file: !3, line: 67, type: !64)
!222 = !DILocalVariable(name: "value", scope: !215, file: !3, line: 68, type: !223)
!223 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !224, size: 64)
!224 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "shared", file: !3, line: 14, size: 256, elements: !225)
!225 = !{!226, !230, !238}
!226 = !DIDerivedType(tag: DW_TAG_member, name: "lock", scope: !224, file: !3, line: 14, baseType: !227, size: 32)
!227 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_spin_lock", file: !26, line: 128, size: 32, elements: !228)
!228 = !{!229}
!229 = !DIDerivedType(tag: DW_TAG_member, name: "val", scope: !227, file: !26, line: 129, baseType: !66, size: 32)
!230 = !DIDerivedType(tag: DW_TAG_member, name: "head", scope: !224, file: !3, line: 14, baseType: !231, size: 128, align: 64, offset: 64, annotations: !236)
!231 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_list_head", file: !232, line: 168, size: 128, align: 64, elements: !233)
!232 = !DIFile(filename: "include/linux/bpf_structs.h", directory: ".", checksumkind: CSK_MD5, checksum: "eed75e3a5c53ded845dc9d9804c03803")
!233 = !{!234}
!234 = !DIDerivedType(tag: DW_TAG_member, name: "__opaque", scope: !231, file: !232, line: 169, baseType: !235, size: 128)
!235 = !DICompositeType(tag: DW_TAG_array_type, baseType: !101, size: 128, elements: !83)
!236 = !{!237}
!237 = !{!"btf_decl_tag", !"contains:element:link"}
!238 = !DIDerivedType(tag: DW_TAG_member, name: "unused", scope: !224, file: !3, line: 14, baseType: !99, size: 64, offset: 192)
!239 = !DILocalVariable(name: "__at", scope: !240, file: !3, line: 70, type: !192)
!240 = distinct !DILexicalBlock(scope: !241, file: !3, line: 70, column: 30)
!241 = distinct !DILexicalBlock(scope: !242, file: !3, line: 70, column: 13)
!242 = distinct !DILexicalBlock(scope: !215, file: !3, line: 70, column: 6)
!243 = !DILocalVariable(name: "__at", scope: !244, file: !3, line: 70, type: !192)
!244 = distinct !DILexicalBlock(scope: !240, file: !3, line: 70, column: 30)
!245 = !DILocalVariable(name: "__found", scope: !244, file: !3, line: 70, type: !192)
!246 = !DILocalVariable(name: "__found", scope: !240, file: !3, line: 70, type: !11)
!247 = !DICompositeType(tag: DW_TAG_array_type, baseType: !168, size: 24, elements: !112)
!248 = !DIGlobalVariableExpression(var: !249, expr: !DIExpression())
!249 = distinct !DIGlobalVariable(name: "bpf_probe_read_kernel", scope: !2, file: !173, line: 168, type: !250, isLocal: true, isDefinition: true)
!250 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !251)
!251 = !DIDerivedType(tag: DW_TAG_pointer_type, baseType: !252, size: 64)
!252 = !DISubroutineType(types: !253)
!253 = !{!178, !67, !66, !68}
!254 = !DIGlobalVariableExpression(var: !255, expr: !DIExpression())
!255 = distinct !DIGlobalVariable(name: "LICENSE", scope: !2, file: !3, line: 79, type: !256, isLocal: false, isDefinition: true)
!256 = !DICompositeType(tag: DW_TAG_array_type, baseType: !158, size: 32, elements: !118)
!257 = !DIGlobalVariableExpression(var: !258, expr: !DIExpression())
!258 = distinct !DIGlobalVariable(name: "shared", scope: !2, file: !3, line: 15, type: !259, isLocal: false, isDefinition: true)
!259 = distinct !DICompositeType(tag: DW_TAG_structure_type, file: !3, line: 15, size: 256, elements: !260)
!260 = !{!261, !262, !263, !264}
!261 = !DIDerivedType(tag: DW_TAG_member, name: "type", scope: !259, file: !3, line: 15, baseType: !81, size: 64)
!262 = !DIDerivedType(tag: DW_TAG_member, name: "max_entries", scope: !259, file: !3, line: 15, baseType: !93, size: 64, offset: 64)
!263 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !259, file: !3, line: 15, baseType: !63, size: 64, offset: 128)
!264 = !DIDerivedType(tag: DW_TAG_member, name: "value", scope: !259, file: !3, line: 15, baseType: !223, size: 64, offset: 192)
!265 = !DIGlobalVariableExpression(var: !266, expr: !DIExpression())
!266 = distinct !DIGlobalVariable(name: "zero", scope: !2, file: !3, line: 32, type: !100, isLocal: false, isDefinition: true)
!267 = !DIGlobalVariableExpression(var: !268, expr: !DIExpression())
!268 = distinct !DIGlobalVariable(name: "hidden_zero", scope: !2, file: !3, line: 33, type: !64, isLocal: true, isDefinition: true)
!269 = !DIGlobalVariableExpression(var: !270, expr: !DIExpression())
!270 = distinct !DIGlobalVariable(name: "option", scope: !2, file: !3, line: 35, type: !271, isLocal: false, isDefinition: true)
!271 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !272)
!272 = !DIDerivedType(tag: DW_TAG_volatile_type, baseType: !273)
!273 = !DIBasicType(name: "_Bool", size: 8, encoding: DW_ATE_boolean)
!274 = !DIGlobalVariableExpression(var: !275, expr: !DIExpression())
!275 = distinct !DIGlobalVariable(name: "grid", scope: !2, file: !3, line: 38, type: !276, isLocal: false, isDefinition: true)
!276 = !DICompositeType(tag: DW_TAG_array_type, baseType: !11, size: 384, elements: !277)
!277 = !{!113, !119}
!278 = !DIGlobalVariableExpression(var: !279, expr: !DIExpression())
!279 = distinct !DIGlobalVariable(name: "either", scope: !2, file: !3, line: 42, type: !280, isLocal: false, isDefinition: true)
!280 = distinct !DICompositeType(tag: DW_TAG_union_type, name: "both", file: !3, line: 23, size: 64, elements: !281)
!281 = !{!282, !283}
!282 = !DIDerivedType(tag: DW_TAG_member, name: "number", scope: !280, file: !3, line: 23, baseType: !100, size: 64)
!283 = !DIDerivedType(tag: DW_TAG_member, scope: !280, file: !3, line: 23, baseType: !284, size: 64)
!284 = distinct !DICompositeType(tag: DW_TAG_structure_type, scope: !280, file: !3, line: 23, size: 64, elements: !285)
!285 = !{!286, !287}
!286 = !DIDerivedType(tag: DW_TAG_member, name: "low", scope: !284, file: !3, line: 23, baseType: !64, size: 32)
!287 = !DIDerivedType(tag: DW_TAG_member, name: "high", scope: !284, file: !3, line: 23, baseType: !64, size: 32, offset: 32)
!288 = !DIGlobalVariableExpression(var: !289, expr: !DIExpression())
!289 = distinct !DIGlobalVariable(name: "CONFIG_HZ", scope: !2, file: !3, line: 27, type: !11, isLocal: false, isDefinition: false)
!290 = !DIGlobalVariableExpression(var: !291, expr: !DIExpression())
!291 = distinct !DIGlobalVariable(name: "vmlinux_symbol", scope: !2, file: !3, line: 30, type: !69, isLocal: false, isDefinition: false)
!292 = !DIGlobalVariableExpression(var: !293, expr: !DIExpression())
!293 = distinct !DIGlobalVariable(name: "hidden_set", scope: !2, file: !3, line: 34, type: !294, isLocal: true, isDefinition: true)
!294 = !DIDerivedType(tag: DW_TAG_volatile_type, baseType: !295)
!295 = !DIDerivedType(tag: DW_TAG_typedef, name: "s16", file: !65, line: 51, baseType: !296)
!296 = !DIDerivedType(tag: DW_TAG_typedef, name: "__s16", file: !65, line: 15, baseType: !297)
!297 = !DIBasicType(name: "short", size: 16, encoding: DW_ATE_signed)
!298 = !DIGlobalVariableExpression(var: !299, expr: !DIExpression())
!299 = distinct !DIGlobalVariable(name: "table", scope: !2, file: !3, line: 36, type: !300, isLocal: true, isDefinition: true)
!300 = !DICompositeType(tag: DW_TAG_array_type, baseType: !301, size: 160, elements: !302)
!301 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !11)
!302 = !{!303}
!303 = !DISubrange(count: 5)
!304 = !DIGlobalVariableExpression(var: !305, expr: !DIExpression())
!305 = distinct !DIGlobalVariable(name: "pair", scope: !2, file: !3, line: 37, type: !306, isLocal: true, isDefinition: true)
!306 = !DICompositeType(tag: DW_TAG_array_type, baseType: !307, size: 128, elements: !83)
!307 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !100)
!308 = !{i32 7, !"Dwarf Version", i32 5}
!309 = !{i32 2, !"Debug Info Version", i32 3}
!310 = !{i32 1, !"wchar_size", i32 4}
!311 = !{i32 7, !"frame-pointer", i32 2}
!312 = !{i32 7, !"debug-info-assignment-tracking", i1 true}
!313 = !{!"clang version 22.1.0 (https://codeberg.org/YoWASP/llvm-project 9560ae0f2cc440e4fc891fddbc119da6f56daa59)"}
!314 = !{!315, !315, i64 0}
!315 = !{!"int", !316, i64 0}
!316 = !{!"omnipotent char", !317, i64 0}
!317 = !{!"Simple C/C++ TBAA"}
!318 = distinct !DIAssignID()
!319 = !DILocation(line: 0, scope: !163)
!320 = !DILocation(line: 57, column: 2, scope: !163)
!321 = !DILocation(line: 57, column: 6, scope: !163)
!322 = !{!323, !323, i64 0}
!323 = !{!"long long", !316, i64 0}
!324 = distinct !DIAssignID()
!325 = !DILocation(line: 58, column: 2, scope: !163)
!326 = !DILocation(line: 59, column: 48, scope: !163)
!327 = !DILocation(line: 59, column: 43, scope: !163)
!328 = !DILocation(line: 59, column: 2, scope: !163)
!329 = !DILocation(line: 60, column: 9, scope: !163)
!330 = !DILocation(line: 60, column: 23, scope: !163)
!331 = !DILocation(line: 60, column: 35, scope: !163)
!332 = !DILocation(line: 60, column: 15, scope: !163)
!333 = !DILocation(line: 60, column: 13, scope: !163)
!334 = !DILocation(line: 60, column: 7, scope: !163)
!335 = !DILocation(line: 61, column: 18, scope: !163)
!336 = !DILocation(line: 61, column: 24, scope: !163)
!337 = !DILocation(line: 61, column: 9, scope: !163)
!338 = !DILocation(line: 61, column: 46, scope: !163)
!339 = !DILocation(line: 61, column: 52, scope: !163)
!340 = !DILocation(line: 61, column: 37, scope: !163)
!341 = !DILocation(line: 61, column: 35, scope: !163)
!342 = !DILocation(line: 61, column: 78, scope: !163)
!343 = !DILocation(line: 61, column: 59, scope: !163)
!344 = !DILocation(line: 61, column: 57, scope: !163)
!345 = !DILocation(line: 62, column: 1, scope: !163)
!346 = !DILocation(line: 61, column: 2, scope: !163)
!347 = distinct !DISubprogram(name: "multiply", scope: !3, file: !3, line: 51, type: !348, scopeLine: 51, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !351)
!348 = !DISubroutineType(types: !349)
!349 = !{!11, !64, !350}
!350 = !DIDerivedType(tag: DW_TAG_const_type, baseType: !64)
!351 = !{!352, !353}
!352 = !DILocalVariable(name: "a", arg: 1, scope: !347, file: !3, line: 51, type: !64)
!353 = !DILocalVariable(name: "b", arg: 2, scope: !347, file: !3, line: 51, type: !350, annotations: !354)
!354 = !{!355}
!355 = !{!"btf_decl_tag", !"factor"}
!356 = !DILocation(line: 0, scope: !347)
!357 = !DILocation(line: 51, column: 96, scope: !347)
!358 = !DILocation(line: 51, column: 102, scope: !347)
!359 = !{!360, !360, i64 0}
!360 = !{!"short", !316, i64 0}
!361 = !DILocation(line: 51, column: 100, scope: !347)
!362 = !DILocation(line: 51, column: 87, scope: !347)
!363 = distinct !DISubprogram(name: "concealed_function", scope: !3, file: !3, line: 52, type: !364, scopeLine: 52, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !366)
!364 = !DISubroutineType(types: !365)
!365 = !{!11, !11}
!366 = !{!367}
!367 = !DILocalVariable(name: "a", arg: 1, scope: !363, file: !3, line: 52, type: !11)
!368 = !DILocation(line: 0, scope: !363)
!369 = !DILocation(line: 52, column: 91, scope: !363)
!370 = !DILocation(line: 52, column: 82, scope: !363)
!371 = distinct !DISubprogram(name: "each", scope: !3, file: !3, line: 49, type: !372, scopeLine: 49, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !374)
!372 = !DISubroutineType(types: !373)
!373 = !{!11, !64, !99}
!374 = !{!375, !376}
!375 = !DILocalVariable(name: "index", arg: 1, scope: !371, file: !3, line: 49, type: !64)
!376 = !DILocalVariable(name: "sum", arg: 2, scope: !371, file: !3, line: 49, type: !99)
!377 = !DILocation(line: 0, scope: !371)
!378 = !DILocation(line: 49, column: 60, scope: !371)
!379 = !DILocation(line: 49, column: 48, scope: !371)
!380 = !DILocation(line: 49, column: 78, scope: !371)
!381 = !DILocation(line: 49, column: 67, scope: !371)
!382 = !DILocation(line: 49, column: 65, scope: !371)
!383 = !DILocation(line: 49, column: 45, scope: !371)
!384 = !DILocation(line: 49, column: 84, scope: !371)
!385 = distinct !DISubprogram(name: "subtract", scope: !3, file: !3, line: 50, type: !386, scopeLine: 50, flags: DIFlagPrototyped | DIFlagAllCallsDescribed, spFlags: DISPFlagLocalToUnit | DISPFlagDefinition | DISPFlagOptimized, unit: !2, retainedNodes: !388)
!386 = !DISubroutineType(types: !387)
!387 = !{!11, !11, !11}
!388 = !{!389, !390}
!389 = !DILocalVariable(name: "a", arg: 1, scope: !385, file: !3, line: 50, type: !11)
!390 = !DILocalVariable(name: "b", arg: 2, scope: !385, file: !3, line: 50, type: !11)
!391 = !DILocation(line: 0, scope: !385)
!392 = !DILocation(line: 50, column: 60, scope: !385)
!393 = !DILocation(line: 50, column: 75, scope: !385)
!394 = !DILocation(line: 50, column: 66, scope: !385)
!395 = distinct !DIAssignID()
!396 = !DILocation(line: 0, scope: !215)
!397 = distinct !DIAssignID()
!398 = !DILocation(line: 0, scope: !244)
!399 = distinct !DIAssignID()
!400 = !DILocation(line: 0, scope: !240)
!401 = !DILocation(line: 66, column: 37, scope: !215)
!402 = !DILocation(line: 67, column: 2, scope: !215)
!403 = !DILocation(line: 67, column: 6, scope: !215)
!404 = distinct !DIAssignID()
!405 = !DILocation(line: 68, column: 25, scope: !215)
!406 = !DILocation(line: 69, column: 2, scope: !215)
!407 = !DILocation(line: 70, column: 6, scope: !242)
!408 = !DILocation(line: 70, column: 30, scope: !244)
!409 = !DILocation(line: 70, column: 50, scope: !244)
!410 = !{!411, !411, i64 0}
!411 = !{!"p1 _ZTS11task_struct", !412, i64 0}
!412 = !{!"any pointer", !316, i64 0}
!413 = !DILocation(line: 70, column: 30, scope: !240)
!414 = !DILocation(line: 70, column: 63, scope: !240)
!415 = !DILocation(line: 70, column: 30, scope: !241)
!416 = !DILocation(line: 70, column: 13, scope: !241)
!417 = !DILocation(line: 70, column: 13, scope: !242)
!418 = !DILocation(line: 71, column: 19, scope: !215)
!419 = !{!420, !315, i64 0}
!420 = !{!"task_struct", !315, i64 0, !315, i64 4, !411, i64 8, !421, i64 16}
!421 = !{!"p1 _ZTS9mm_struct", !412, i64 0}
!422 = !DILocation(line: 71, column: 11, scope: !215)
!423 = !DILocation(line: 72, column: 45, scope: !215)
!424 = !DILocation(line: 72, column: 17, scope: !215)
!425 = !DILocation(line: 72, column: 54, scope: !215)
!426 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "element", file: !3, line: 5, size: 256, elements: !427)
!427 = !{!428, !433}
!428 = !DIDerivedType(tag: DW_TAG_member, name: "link", scope: !426, file: !3, line: 5, baseType: !429, size: 192, align: 64)
!429 = distinct !DICompositeType(tag: DW_TAG_structure_type, name: "bpf_list_node", file: !232, line: 173, size: 192, align: 64, elements: !430)
!430 = !{!431}
!431 = !DIDerivedType(tag: DW_TAG_member, name: "__opaque", scope: !429, file: !232, line: 174, baseType: !432, size: 192)
!432 = !DICompositeType(tag: DW_TAG_array_type, baseType: !101, size: 192, elements: !112)
!433 = !DIDerivedType(tag: DW_TAG_member, name: "key", scope: !426, file: !3, line: 5, baseType: !100, size: 64, offset: 192)
!434 = !DILocation(line: 72, column: 52, scope: !215)
!435 = !DILocation(line: 72, column: 102, scope: !215)
!436 = !{!437, !323, i64 1}
!437 = !{!"odd", !316, i64 0, !323, i64 1}
!438 = !DILocation(line: 72, column: 93, scope: !215)
!439 = !DILocation(line: 72, column: 14, scope: !215)
!440 = !{!316, !316, i64 0}
!441 = !DILocation(line: 73, column: 6, scope: !442)
!442 = distinct !DILexicalBlock(scope: !215, file: !3, line: 73, column: 6)
!443 = !DILocation(line: 73, column: 88, scope: !442)
!444 = !DILocation(line: 73, column: 100, scope: !442)
!445 = !{!446, !446, i64 0}
!446 = !{!"_Bool", !316, i64 0}
!447 = !{i8 0, i8 2}
!448 = !{}
!449 = !DILocation(line: 73, column: 98, scope: !442)
!450 = !DILocation(line: 73, column: 109, scope: !442)
!451 = !DILocation(line: 73, column: 107, scope: !442)
!452 = !DILocation(line: 73, column: 121, scope: !442)
!453 = !{!454, !454, i64 0}
!454 = !{!"long", !316, i64 0}
!455 = !DILocation(line: 73, column: 116, scope: !442)
!456 = !DILocation(line: 73, column: 114, scope: !442)
!457 = !DILocation(line: 73, column: 85, scope: !442)
!458 = !DILocation(line: 73, column: 73, scope: !442)
!459 = !DILocation(line: 74, column: 6, scope: !460)
!460 = distinct !DILexicalBlock(scope: !215, file: !3, line: 74, column: 6)
!461 = !DILocation(line: 74, column: 40, scope: !460)
!462 = !DILocation(line: 74, column: 45, scope: !460)
!463 = !DILocation(line: 74, column: 35, scope: !460)
!464 = !DILocation(line: 74, column: 24, scope: !460)
!465 = !{!466, !466, i64 0}
!466 = !{!"p1 int", !412, i64 0}
!467 = !DILocation(line: 74, column: 32, scope: !460)
!468 = !DILocation(line: 74, column: 23, scope: !460)
!469 = !DILocation(line: 75, column: 2, scope: !215)
!470 = !DILocation(line: 76, column: 9, scope: !215)
!471 = !DILocation(line: 76, column: 43, scope: !215)
!472 = !DILocation(line: 76, column: 48, scope: !215)
!473 = !DILocation(line: 77, column: 1, scope: !215)
!474 = !DILocation(line: 76, column: 2, scope: !215)
!475 = !DISubprogram(name: "bpf_rcu_read_lock", scope: !3, file: !3, line: 28, type: !476, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized)
!476 = !DISubroutineType(types: !477)
!477 = !{null}
!478 = !DISubprogram(name: "bpf_task_from_pid", scope: !3, file: !3, line: 29, type: !479, flags: DIFlagPrototyped, spFlags: DISPFlagOptimized, retainedNodes: !481)
!479 = !DISubroutineType(types: !480)
!480 = !{!192, !137}
!481 = !{!482}
!482 = !DILocalVariable(name: "pid", arg: 1, scope: !478, file: !3, line: 29, type: !137)
